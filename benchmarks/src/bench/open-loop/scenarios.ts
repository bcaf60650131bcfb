import type { Milliseconds } from '@lookaside/core'
import { type ArrivalRate, poissonArrivals } from '../../workload/poisson.js'
import { zipfIds } from '../../workload/zipf.js'
import type { SectionContext } from '../section.js'

/** How requests come in, and what they are for. */
export interface Scenario {
  readonly name: string
  /** What happens in it. */
  readonly what: string
  /** How many keys there are; which are asked for follows Zipf's law. */
  readonly population: number
  readonly ttl: Milliseconds
  /** Requests before that instant are sent, but not counted: the cache is empty at first. */
  readonly countedFrom: Milliseconds
  readonly rate: ArrivalRate
}

/** Which requests are sent, and when: the same ones for everybody. */
export interface Requests {
  /** Instants from the beginning, in order. */
  readonly instants: Float64Array
  /** The key of each. */
  readonly ids: Int32Array
}

/** The scenario in which keys expire that are asked for all the time. */
export const EXPIRING = 'expiring hot set'

/** How long the origin takes to bring a value. */
export const LOAD_TIME: Milliseconds = 50

const MANY_KEYS = { population: 1_000, ttl: 2_000 }

export function scenariosFor({ quick, checking }: SectionContext): readonly Scenario[] {
  const countedFrom = quick ? 300 : 1_000
  const duration = countedFrom + (quick ? 700 : 2_000)
  const expiring = expiringHotSet(quick || checking ? 2_500 : 4_500)
  if (checking) return [expiring]
  const burst = burstOfLoad(countedFrom, duration)
  if (quick) return [burst, expiring]
  return [steadyLoad(countedFrom, duration), growingLoad(countedFrom, duration), burst, expiring]
}

export function requestsOf({ rate, population }: Scenario, seed = 1): Requests {
  const instants = poissonArrivals(rate, seed)
  return { instants, ids: zipfIds(instants.length, population, undefined, seed + 1) }
}

function steadyLoad(countedFrom: Milliseconds, duration: Milliseconds): Scenario {
  const perSecond = 2_000
  return {
    ...MANY_KEYS,
    name: 'steady',
    what: `${perSecond.toLocaleString('en')} requests a second for 1,000 keys of a TTL of 2 s`,
    countedFrom,
    rate: { duration, peak: perSecond, at: () => perSecond },
  }
}

function growingLoad(countedFrom: Milliseconds, duration: Milliseconds): Scenario {
  const [low, high] = [500, 5_000]
  return {
    ...MANY_KEYS,
    name: 'ramp',
    what: '1,000 keys of a TTL of 2 s, from 500 requests a second to 5,000, evenly',
    countedFrom,
    rate: { duration, peak: high, at: instant => low + ((high - low) * instant) / duration },
  }
}

function burstOfLoad(countedFrom: Milliseconds, duration: Milliseconds): Scenario {
  const calm = 1_000
  const length = (duration - countedFrom) / 5
  const begin = countedFrom + 2 * length
  return {
    ...MANY_KEYS,
    name: 'burst',
    what: `1,000 keys of a TTL of 2 s, 1,000 requests a second, and ten times as many for ${length} ms`,
    countedFrom,
    rate: {
      duration,
      peak: 10 * calm,
      at: instant => (instant >= begin && instant < begin + length ? 10 * calm : calm),
    },
  }
}

function expiringHotSet(duration: Milliseconds): Scenario {
  const perSecond = 4_000
  const ttl = 1_000
  return {
    name: EXPIRING,
    what: '4,000 requests a second for 10 keys of a TTL of 1 s, so that each expires in use again and again',
    population: 10,
    ttl,
    // The first values of all are loaded at the same time.
    countedFrom: ttl,
    rate: { duration, peak: perSecond, at: () => perSecond },
  }
}
