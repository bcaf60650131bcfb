import type { RemoteStore } from '@lookaside/core'
import { type FaultyStore, ManualClock } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { settled } from '../../../tests/behaviour/settled.js'
import { operations } from '../../../tests/races/claim-world.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { type ClaimedOptions, claimed } from '../src/index.js'
import { openProcesses } from './processes.js'

/** Nearly the largest that `random()` can be. */
const HIGH = 0.999_999

const twice = () => 'loaded twice'

/** A key that one process loads for as long as the test likes, and another one whose callers have to wait for it. */
async function waitingProcess(options: ClaimedOptions = {}, draws: readonly number[] = [0.5]) {
  let drawn = 0
  const clock = new ManualClock({ random: () => draws[drawn++ % draws.length] ?? 0 })
  const { first, open } = openProcesses(1, { guard: claimed(options) }, clock)
  const held = heldLoad<string>()
  const loading = first.cache.getOrSet('row', held.load)
  await held.begun
  const finish = () => {
    held.finish('value')
    return loading
  }
  return { ...open(), open, clock, finish }
}

/** When the store is asked for something within the next `span` milliseconds, counted from now. */
async function callTimes(store: FaultyStore, clock: ManualClock, span: number): Promise<number[]> {
  const times: number[] = []
  const start = clock.monotonic()
  for (let at = 0; at < span; at++) {
    const before = store.calls.length
    await clock.advance(1)
    for (const _ of store.calls.slice(before)) times.push(clock.monotonic() - start)
  }
  return times
}

const pausesIn = (times: readonly number[]) => times.map((time, index) => time - (times[index - 1] ?? 0))

/** Counts the reads that are under way at the same time. */
class CountedReads {
  readonly store: RemoteStore
  most = 0
  #now = 0

  constructor(store: RemoteStore) {
    this.store = { ...store, get: key => this.#count(store.get(key)) }
  }

  async #count<T>(read: Promise<T>): Promise<T> {
    this.#now++
    this.most = Math.max(this.most, this.#now)
    return read.finally(() => this.#now--)
  }
}

describe('Who waits for a load of another process looks', () => {
  it.each([
    ['with the lowest draws always after the shortest pause', [0], [4, 4, 4, 4, 4, 4, 4, 4]],
    ['with the highest draws ever later, up to the longest pause', [HIGH], [4, 6, 9, 13, 20, 20, 20, 20]],
    ['with other draws in between', [0.5, HIGH, 0, 0.5], [4, 6, 4, 9, 12, 20, 4, 12]],
  ])('%s', async (_, draws, pauses) => {
    const { cache, store, clock, finish } = await waitingProcess({ poll: { min: 4, max: '20ms' } }, draws)
    const calling = cache.getOrSet('row', twice)
    await clock.advance(0)
    store.calls.length = 0
    const times = await callTimes(store, clock, 120)
    expect(pausesIn(times).slice(0, 8)).toEqual(pauses)
    expect(new Set(operations(store))).toEqual(new Set(['get']))
    await finish()
    await clock.advance(20)
    expect(await calling).toBe('value')
  })

  it('after 2 ms to 50 ms unless told otherwise, and gets the value at the next look', async () => {
    const { cache, store, trace, clock, finish } = await waitingProcess({}, [HIGH])
    const calling = cache.getOrSet('row', twice)
    const done = settled(calling)
    await clock.advance(0)
    const times = await callTimes(store, clock, 210)
    expect(pausesIn(times)).toEqual([2, 3, 4, 7, 10, 15, 23, 34, 50, 50])
    await finish()
    await clock.advance(37)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(done()).toBe(true)
    expect(await calling).toBe('value')
    expect(trace.types()).toEqual(['miss', 'claim-wait'])
  })

  it('once for all callers of its process that came together, and never before the last look is over', async () => {
    const { clock, open, finish } = await waitingProcess()
    const [alone, crowd] = [open(), open()]
    const reads = new CountedReads(crowd.store)
    const crowded = open({ store: reads.store })
    for (const { store } of [alone, crowd]) store.delay(30, 'get')
    const calls = Array.from({ length: 50 }, () => crowded.cache.getOrSet('row', twice))
    calls.push(alone.cache.getOrSet('row', twice))
    await clock.advance(2_000)
    expect(crowd.store.calls).toEqual(alone.store.calls)
    expect(crowd.store.calls.length).toBeGreaterThan(20)
    expect(reads.most).toBe(1)
    await finish()
    await clock.advance(100)
    expect(await Promise.all(calls)).toEqual(Array(51).fill('value'))
    expect(crowded.trace.types()).toEqual([...Array(50).fill('miss'), 'claim-wait'])
  })

  it.each([0, 1, 5, 20, 60])(
    'as often for callers who come one each millisecond as for one, at a latency of %i ms',
    async latency => {
      const { clock, open, finish } = await waitingProcess()
      const [alone, crowd] = [open(), open()]
      const reads = new CountedReads(crowd.store)
      const crowded = open({ store: reads.store })
      if (latency > 0) for (const { store } of [alone, crowd]) store.delay(latency, 'get')
      const calls = [alone.cache.getOrSet('row', twice)]
      for (let elapsed = 0; elapsed < 500; elapsed++) {
        calls.push(crowded.cache.getOrSet('row', twice))
        await clock.advance(1)
      }
      // Each caller reads once. Those who come during a look read together once more after it.
      const looks = alone.store.calls.length
      expect(crowd.store.calls.length).toBeGreaterThanOrEqual(500)
      expect(crowd.store.calls.length).toBeLessThanOrEqual(500 + 2 * looks)
      expect(reads.most).toBeLessThanOrEqual(latency + 2)
      expect(crowded.trace.types().filter(type => type === 'claim-wait')).toHaveLength(1)
      await finish()
      await clock.advance(200)
      expect(await Promise.all(calls)).toEqual(Array(501).fill('value'))
    },
  )
})

describe('Who has waited', () => {
  it.each([
    [{}, 10_000],
    [{ wait: '3s' }, 3_000],
    [{ wait: 10, poll: { min: 7, max: 7 } }, 10],
  ] as const)('for as long as %o says loads without storing, once for its process', async (options, wait) => {
    const { cache, trace, clock, finish } = await waitingProcess(options)
    let loads = 0
    const load = () => `own ${++loads}`
    const calls = [1, 2, 3].map(() => cache.getOrSet('row', load))
    await clock.advance(wait - 1)
    expect(loads).toBe(0)
    await clock.advance(1)
    expect(loads).toBe(1)
    expect(await Promise.all(calls)).toEqual(Array(3).fill('own 1'))
    expect(trace.lines('reason').slice(3)).toEqual([
      'claim-wait',
      'load reason=miss',
      'not-stored reason=no-claim',
    ])
    await finish()
    expect(await cache.get('row')).toBe('value')
  })

  it('in vain shares its load with who comes later, as long as the same claim stands', async () => {
    const { cache, clock, finish } = await waitingProcess({ wait: '3s' })
    const first = cache.getOrSet('row', () => clock.sleep(500).then(() => 'own'))
    await clock.advance(3_000)
    const second = cache.getOrSet('row', twice)
    await clock.advance(500)
    expect(await Promise.all([first, second])).toEqual(['own', 'own'])
    await finish()
  })

  it('and gives up ends the looking when it was the last caller', async () => {
    const { cache, store, clock, finish } = await waitingProcess()
    const leaving = [new AbortController(), new AbortController()]
    const calls = leaving.map(({ signal }) => cache.getOrSet('row', twice, { signal }).catch(String))
    await clock.advance(100)
    leaving[0]?.abort('gone')
    const looks = store.calls.length
    await clock.advance(1_000)
    expect(store.calls.length).toBeGreaterThan(looks + 10)
    leaving[1]?.abort('gone too')
    expect(await Promise.all(calls)).toEqual(['gone', 'gone too'])
    store.calls.length = 0
    await clock.advance(1_000)
    expect(store.calls).toEqual([])
    await finish()
  })

  it('for the hardTimeout rejects by it, and the looking ends', async () => {
    const { cache, store, clock, finish } = await waitingProcess()
    const calling = cache.getOrSet('row', twice, { hardTimeout: '2s' }).catch(({ code }) => code)
    await clock.advance(2_000)
    expect(await calling).toBe('ERR_CACHE_LOAD_TIMEOUT')
    store.calls.length = 0
    await clock.advance(1_000)
    expect(store.calls).toEqual([])
    await finish()
  })
})
