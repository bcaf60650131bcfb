import {
  createCache,
  type Entry,
  flightWith,
  type Guard,
  type GuardOption,
  type GuardSettings,
  type Passenger,
} from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { lru } from '../../../tests/backends.js'
import { observedCache } from '../../../tests/behaviour/observed-cache.js'
import {
  composeGuards,
  earlyRefresh,
  limitLoads,
  singleFlight,
  staleWhileRevalidate,
  stampedeGuard,
} from '../src/index.js'

/** A guard that hands on, and notes when it is entered and left. */
function noting(name: string, notes: string[], rest: Partial<Guard> = {}): Guard {
  return {
    name,
    async run(flight, next) {
      notes.push(`> ${name}`)
      try {
        return await next(flight)
      } finally {
        notes.push(`< ${name}`)
      }
    },
    ...rest,
  }
}

const cacheOf = (guard: Guard) => createCache({ store: lruStore(), guard, clock: new ManualClock() })
const pass = (name: string, rest: Partial<Guard> = {}) => noting(name, [], rest)
const entry: Entry<string> = {
  value: 'v',
  createdAt: 0,
  loadTime: 1,
  staleAt: 2,
  deleteAt: 3,
  schemaVersion: 0,
}

describe('composeGuards', () => {
  it('runs the first outermost, the last around the load', async () => {
    const notes: string[] = []
    const cache = cacheOf(composeGuards(noting('a', notes), noting('b', notes), noting('c', notes)))
    expect(await cache.getOrSet('k', () => `load ${notes.push('load')}`)).toBe('load 4')
    expect(notes).toEqual(['> a', '> b', '> c', 'load', '< c', '< b', '< a'])
  })

  it('runs what was composed before as one', async () => {
    const notes: string[] = []
    const inner = composeGuards(noting('b', notes), noting('c', notes))
    await cacheOf(composeGuards(noting('a', notes), inner, noting('d', notes))).getOrSet('k', () => 1)
    expect(notes).toEqual(['> a', '> b', '> c', '> d', '< d', '< c', '< b', '< a'])
  })

  it('of nothing claims, loads and commits', async () => {
    const { cache, trace } = observedCache(lru, { guard: composeGuards() })
    expect(await cache.getOrSet('k', () => 'loaded')).toBe('loaded')
    expect(trace.types()).toEqual(['miss', 'load', 'commit'])
  })

  it('stops at a guard that answers for itself', async () => {
    const notes: string[] = []
    const answering = pass('answers', { run: async <V>() => entry as Entry<never> as Entry<V> })
    const load = vi.fn(() => 'loaded')
    const cache = cacheOf(composeGuards(noting('a', notes), answering, noting('c', notes)))
    expect(await cache.getOrSet('k', load)).toBe('v')
    expect(notes).toEqual(['> a', '< a'])
    expect(load).not.toHaveBeenCalled()
  })

  it('hands a flight that a guard has changed to those inside it only', async () => {
    const claims: string[] = []
    const seen = (name: string): Guard =>
      pass(name, {
        async run(flight, next) {
          if (name === 'inner') claims.push(String(await flight.claim()))
          return next(flight)
        },
      })
    const changing = pass('changing', {
      run: (flight, next) => next(flightWith(flight, { claim: async () => 'unavailable' })),
    })
    const { cache, trace } = observedCache(lru, {
      guard: composeGuards(seen('outer'), changing, seen('inner')),
    })
    await cache.getOrSet('k', () => 1)
    expect(claims).toEqual(['unavailable'])
    expect(trace.lines('reason')).toEqual(['miss', 'load reason=miss', 'not-stored reason=no-claim'])
  })

  it('hands on a flight whose replaced methods know it, and whose others are the same', async () => {
    const told: unknown[] = []
    const changing: Guard = {
      name: 'changing',
      run(flight, next) {
        const changed: typeof flight = flightWith(flight, {
          async load(this: unknown, claim) {
            told.push(this === changed, changed.key, changed.reason, changed.signal === flight.signal)
            return flight.load(claim)
          },
        })
        return next(changed)
      },
    }
    const { cache } = observedCache(lru, { guard: changing })
    expect(await cache.getOrSet('k', () => 1)).toBe(1)
    expect(told).toEqual([true, 'k', 'miss', true])
  })

  it('is named after its parts, in order', () => {
    expect(composeGuards(pass('a'), pass('b')).name).toBe('a > b')
    expect(stampedeGuard().name).toBe('stampede-guard')
  })

  it('shares flights where any part does', async () => {
    expect(composeGuards(pass('a'), pass('b')).joins).toBe(false)
    expect(composeGuards(pass('a', { joins: false }), pass('b', { joins: true })).joins).toBe(true)
  })

  it('refreshes early where any part wants to, and asks no one once one does', () => {
    const asked: unknown[][] = []
    const asking = (name: string, answer: boolean) =>
      pass(name, { shouldRefresh: (...all) => asked.push([name, ...all]) > 0 && answer })
    const settings: GuardSettings = { get: () => undefined }
    const random = () => 0.5
    const shouldRefresh = (...guards: Guard[]) =>
      composeGuards(...guards).shouldRefresh?.(entry, 1, random, settings)
    expect(shouldRefresh(asking('a', false), pass('none'), asking('b', false))).toBe(false)
    expect(asked).toEqual([
      ['a', entry, 1, random, settings],
      ['b', entry, 1, random, settings],
    ])
    asked.length = 0
    expect(shouldRefresh(asking('a', false), asking('b', true), asking('c', true))).toBe(true)
    expect(asked.map(([name]) => name)).toEqual(['a', 'b'])
  })

  it('has no say in early refreshes, nor in what passengers get, where no part has', () => {
    expect(composeGuards(pass('a'))).not.toHaveProperty('shouldRefresh')
    expect(composeGuards(pass('a'))).not.toHaveProperty('join')
    expect(composeGuards(singleFlight(), staleWhileRevalidate())).not.toHaveProperty('shouldRefresh')
  })

  it('knows the options of all parts, each name once', () => {
    const option = (name: string): GuardOption<unknown> => ({ name, parse: given => given })
    const [patience, zeal] = [option('patience'), option('zeal')]
    const [a, b] = [pass('a', { options: [patience, zeal] }), pass('b', { options: [patience] })]
    expect(composeGuards(a, pass('none'), b).options).toEqual([patience, zeal])
    expect(composeGuards(pass('none')).options).toEqual([])
  })
})

describe('A passenger of composed guards', () => {
  const passenger: Passenger<string> = {
    key: 'k',
    reason: 'miss',
    present: undefined,
    signal: new AbortController().signal,
    clock: new ManualClock(),
    option: () => undefined,
  }

  it('gets what the outermost makes of what those inside it make of the outcome', async () => {
    const adding = (name: string): Guard =>
      pass(name, {
        async join(_, outcome) {
          const shared = await outcome
          return { ...shared, value: `${shared.value} ${name}` as never }
        },
      })
    const guard = composeGuards(adding('a'), pass('none'), adding('b'), adding('c'))
    const outcome = Promise.resolve({ ...entry, value: 'outcome' })
    expect((await guard.join?.(passenger, outcome))?.value).toBe('outcome c b a')
  })

  it('may be answered by the outermost alone: what those inside reject with is no unhandled rejection', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      const guard = composeGuards(
        pass('content', { join: async <V>() => entry as Entry<never> as Entry<V> }),
        pass('failing', { join: () => Promise.reject(new Error('not that')) }),
      )
      expect(await guard.join?.(passenger, Promise.resolve(entry))).toBe(entry)
      await new Promise(resolve => setImmediate(resolve))
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })

  it('is told the rejection where no guard stands in', async () => {
    const guard = composeGuards(staleWhileRevalidate(), earlyRefresh(), limitLoads({ concurrency: 1 }))
    const error = new Error('the database is down')
    await expect(guard.join?.(passenger, Promise.reject(error))).rejects.toBe(error)
  })
})
