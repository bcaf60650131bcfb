import type { CacheOptions, Milliseconds } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { describe, expect, it } from 'vitest'
import type { Opened } from '../../../tests/races/claim-world.js'
import { stampedeGuard } from '../src/index.js'
import { Database } from './database.js'
import { openProcesses } from './processes.js'

const CALLERS = 60
const EVERY: Milliseconds = 10
const LOAD: Milliseconds = 30

/** The pause after so many failures in a row. */
const pauseAfter = (failures: number): Milliseconds => Math.min(50 * 2 ** (failures - 1), 1_000)

/** When loads that fail begin: with the first caller after each pause. */
function boundOf(span: Milliseconds): Milliseconds[] {
  const times: Milliseconds[] = []
  for (let at = 0; at < span; ) {
    times.push(at)
    at = Math.ceil((at + LOAD + pauseAfter(times.length)) / EVERY) * EVERY
  }
  return times
}

/** Processes that guard their caches, and a database that is down. */
function storm(options: Partial<CacheOptions> = {}, processes = 1) {
  const world = openProcesses(processes, { guard: stampedeGuard(), ...options })
  const database = new Database(world.clock, LOAD)
  database.down = true
  return { ...world, ...world.first, database }
}

type Storm = ReturnType<typeof storm>

/** What callers get who come one after the other, to each process in turn. */
async function trickle({ all, clock, database }: Storm, callers = CALLERS): Promise<unknown[]> {
  const calls: Promise<unknown>[] = []
  for (let caller = 0; caller < callers; caller++) {
    const { cache } = all[caller % all.length] as Opened
    calls.push(cache.getOrSet('row', database.query).catch(error => error))
    await clock.advance(EVERY)
  }
  await clock.advance(10_000)
  return Promise.all(calls)
}

describe('60 callers of a load that fails', () => {
  it.each([
    ['a remote store', {}, () => {}],
    ['a local store', { store: lruStore() }, () => {}],
    ['a store that is down', {}, ({ store }: Storm) => store.fail()],
  ])(
    'cause one after each pause, and get the very error of the last, over %s',
    async (_, options, befall) => {
      const world = storm(options)
      befall(world)
      const errors = await trickle(world)
      const { times, most, errors: thrown } = world.database
      expect(times).toEqual([0, 80, 210, 440])
      expect(times).toEqual(boundOf(CALLERS * EVERY))
      expect(most).toBe(1)
      for (const [caller, error] of errors.entries()) {
        const load = times.findLastIndex(time => time <= caller * EVERY)
        expect(error).toBe(thrown[load])
      }
    },
  )

  it('get the same timeout where the load does not end', async () => {
    const { all, clock, trace } = storm({ hardTimeout: LOAD })
    const times: Milliseconds[] = []
    const calls: Promise<unknown>[] = []
    for (let caller = 0; caller < CALLERS; caller++) {
      const load = () => {
        times.push(clock.monotonic())
        return new Promise<string>(() => {})
      }
      for (const { cache } of all) calls.push(cache.getOrSet('row', load).catch(error => error))
      await clock.advance(EVERY)
    }
    const errors = new Set(await Promise.all(calls))
    expect(times).toEqual(boundOf(CALLERS * EVERY))
    expect(errors.size).toBe(times.length)
    for (const error of errors) expect(error).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    expect(trace.types().filter(type => type === 'load-error')).toHaveLength(times.length)
  })

  it.each([
    [1, 1],
    [1, 20],
    [1, 100],
    [2, 0],
    [3, 0],
    [3, 5],
    [3, 20],
  ])('never cause two at once in %i processes at a latency of %i ms', async (processes, latency) => {
    const world = storm({}, processes)
    const { clock, all } = world
    if (latency > 0) for (const { store } of all) store.delay(latency)
    const databases = all.map(() => new Database(clock, LOAD))
    let most = 0
    const calls: Promise<unknown>[] = []
    for (let caller = 0; caller < 3 * CALLERS; caller++) {
      const index = caller % processes
      const { cache } = all[index] as Opened
      const database = databases[index] as Database
      database.down = true
      const load = ({ key, signal }: { key: string; signal: AbortSignal }) => {
        const loading = database.query({ key, signal })
        most = Math.max(
          most,
          databases.reduce((sum, { running }) => sum + running, 0),
        )
        return loading
      }
      calls.push(cache.getOrSet('row', load).catch(error => error))
      await clock.advance(EVERY)
    }
    await clock.advance(10_000)
    const errors = await Promise.all(calls)
    expect(most).toBe(1)
    for (const [index, { times, errors: thrown }] of databases.entries()) {
      expect(times.length).toBeGreaterThan(1)
      expect(times.length).toBeLessThanOrEqual(boundOf(3 * CALLERS * EVERY).length)
      for (const [load, time] of times.entries()) {
        const next = times[load + 1] ?? Number.POSITIVE_INFINITY
        expect(next - time).toBeGreaterThanOrEqual(LOAD + pauseAfter(load + 1))
      }
      // Nobody gets an error of another process, or one that the core has made up.
      for (const [caller, error] of errors.entries())
        if (caller % processes === index) expect(thrown).toContain(error)
    }
  })

  it('get the stale value within grace, and cause no more loads', async () => {
    const world = storm({ ttl: '1m', grace: '1h' })
    const { cache, trace, clock, database } = world
    await cache.set('row', 'old')
    await clock.advance(60_000)
    const start = clock.monotonic()
    expect(await trickle(world)).toEqual(Array(CALLERS).fill('old'))
    expect(database.times.map(time => time - start)).toEqual(boundOf(CALLERS * EVERY))
    expect(database.most).toBe(1)
    const types = trace.types()
    expect(types.filter(type => type === 'hit')).toHaveLength(CALLERS)
    expect(types.filter(type => type === 'background-error')).toHaveLength(database.errors.length)
  })

  it('get the value that is still fresh where it is its early refresh that fails, and cause no more loads', async () => {
    // It is refreshed from 416 ms before its end: load time * beta * ln 2.
    const world = storm({ ttl: '1s', guard: stampedeGuard({ earlyRefresh: { beta: 20 } }) })
    const { cache, clock, database } = world
    database.down = false
    const first = cache.getOrSet('row', database.query)
    await clock.advance(LOAD)
    await first
    await clock.advance(600)
    database.down = true
    database.times.length = 0
    const start = clock.monotonic()
    expect(await trickle(world, 38)).toEqual(Array(38).fill('row row'))
    expect(database.times.map(time => time - start)).toEqual(boundOf(38 * EVERY))
    expect(boundOf(38 * EVERY)).toHaveLength(3)
  })
})

describe('A database that was down', () => {
  it.each([9_000, 9_400, 9_800, 10_200])(
    'for %i ms is asked ever more rarely, and seen within a second of its recovery',
    async downtime => {
      const { cache, clock, database } = storm()
      let seen: Milliseconds | undefined
      const call = () => {
        cache.getOrSet('row', database.query).then(
          () => {
            seen ??= clock.monotonic()
          },
          () => {},
        )
        return clock.advance(EVERY)
      }
      while (clock.monotonic() < downtime) await call()
      expect(database.times).toEqual(boundOf(downtime))
      database.down = false
      while (clock.monotonic() < downtime + 1_000 + LOAD + EVERY) await call()
      expect(seen).toBeGreaterThan(downtime)
      expect(database.most).toBe(1)
    },
  )
})
