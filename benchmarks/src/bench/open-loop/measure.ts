import { setTimeout as sleep } from 'node:timers/promises'
import type { Milliseconds } from '@lookaside/core'
import { Redis } from 'ioredis'
import { quantile, sort } from '../../quantile.js'
import type { Place, Subject } from '../../subjects/subject.js'
import { keyOf } from '../../workload/keys.js'
import { type Contestant, placeOf } from './contestants.js'
import { drive } from './drive.js'
import { type Brought, Origin } from './origin.js'
import { LOAD_TIME, type Requests, type Scenario } from './scenarios.js'

/** What a contestant has done in a scenario, once the first values were there. */
export interface Measured {
  readonly name: string
  readonly role: Contestant['role']
  readonly kind: Contestant['kind']
  readonly requests: number
  readonly originCalls: number
  readonly mostAtOnce: number
  readonly mostForOneKey: number
  /** From the instant that a request was to begin at, in milliseconds. */
  readonly p50: Milliseconds
  readonly p99: Milliseconds
  readonly p999: Milliseconds
  /** How long after that instant it was begun, the 99th percentile: the loop was busy. */
  readonly lateP99: Milliseconds
  /** How many waited for a load: their value is younger than they are. However busy the machine is, that stays. */
  readonly waited: number
  /** How many got a value whose TTL had passed before they began. */
  readonly tooOld: number
  readonly failed: number
  /** Of those that failed, some of what they failed with. */
  readonly failures: readonly string[]
  /** For how large a share of the time the process was not running: it never sleeps, so others had its processor. */
  readonly suspended: number
}

/** Clocks are read in whole milliseconds, and a TTL counts from when a value is stored. */
const TOLERANCE = 0.05

/** Runs one contestant through a scenario; nothing if it has no such backend. */
export async function measure(
  contestant: Contestant,
  scenario: Scenario,
  { instants, ids }: Requests,
  redisUrl: string,
): Promise<Measured | undefined> {
  const { ttl, countedFrom } = scenario
  const { subject, name, role, kind } = contestant
  const place = placeOf(contestant, scenario, redisUrl)
  if (!(await exercise(subject, place))) return undefined
  if (kind === 'redis') await empty(redisUrl)
  const origin = new Origin(LOAD_TIME)
  const cache = await subject.open(place, key => origin.load(key), ttl)
  if (cache === undefined) return undefined
  const first = instants.findIndex(instant => instant >= countedFrom)
  let tooOld = 0
  let waited = 0
  let watch = startWatch()
  try {
    const { late, latency, failures } = await drive(instants, async (index, beganAt) => {
      if (index === first) {
        origin.restart()
        watch = startWatch()
      }
      const key = keyOf(ids[index] as number)
      const value = (await cache.get(key)) as Brought | undefined
      if (role === 'generator') return
      if (value?.key !== key) throw new Error(`${key} is ${JSON.stringify(value)}`)
      if (index < first) return
      if (value.loadedAt > beganAt) waited++
      if (beganAt - value.loadedAt > ttl * (1 + TOLERANCE)) tooOld++
    })
    const suspended = watch()
    const counted = latency.subarray(first)
    const answers = sort(counted.filter(one => !Number.isNaN(one)))
    return {
      name,
      role,
      kind,
      requests: counted.length,
      originCalls: origin.calls,
      mostAtOnce: origin.mostAtOnce,
      mostForOneKey: origin.mostForOneKey,
      p50: quantile(answers, 0.5),
      p99: quantile(answers, 0.99),
      p999: quantile(answers, 0.999),
      lateP99: quantile(sort(late.subarray(first)), 0.99),
      waited,
      tooOld,
      failed: failures.length,
      failures: [...new Set(failures)].slice(0, 3),
      suspended,
    }
  } finally {
    // A refresh may still be running, which the next one should not be measured beside.
    await sleep(2 * LOAD_TIME)
    await cache.close()
  }
}

/** Calls for the compiler, over a cache and an origin of their own; false where the subject has no such backend. */
async function exercise(subject: Subject, place: Place): Promise<boolean> {
  const cache = await subject.open(place, async key => ({ key }), 60_000)
  if (cache === undefined) return false
  for (let round = 0; round < 200; round++) {
    // Of twenty, five are new.
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => cache.get(`exercise:${5 * round + (index % 10)}`)),
    )
  }
  await cache.close()
  return true
}

/** Tells the share of the time since that this process has not been running. */
function startWatch(): () => number {
  const began = performance.now()
  const used = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(used)
    return Math.max(0, 1 - (user + system) / 1_000 / (performance.now() - began))
  }
}

async function empty(url: string): Promise<void> {
  const redis = new Redis(url)
  await redis.flushall()
  redis.disconnect()
}
