import type { CacheOptions } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import type { Opened } from '../../../tests/races/claim-world.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { type ClaimedOptions, claimed } from '../src/index.js'
import { loadsOf, openProcesses } from './processes.js'

const processes = (count: number, options: ClaimedOptions = {}, more: Partial<CacheOptions> = {}) =>
  openProcesses(count, { guard: claimed(options), ...more })

const GRACE = { ttl: '1m', grace: '1h' } as const

describe('Of the processes that miss a key at once', () => {
  it('one loads it, and all callers of all get its value', async () => {
    const { clock, first: winner, others } = processes(8)
    let loads = 0
    const load = async () => {
      loads++
      await clock.sleep(200)
      return `load ${loads}`
    }
    const calls = [winner, ...others].flatMap(({ cache }) =>
      Array.from({ length: 5 }, () => cache.getOrSet('row', load)),
    )
    await clock.advance(300)
    expect(await Promise.all(calls)).toEqual(Array(40).fill('load 1'))
    expect(loads).toBe(1)
    const misses = Array(5).fill('miss')
    expect(winner.trace.types()).toEqual([...misses, 'load', 'commit'])
    for (const { cache, trace } of others) {
      expect(trace.types()).toEqual([...misses, 'claim-wait'])
      expect(cache.stats().sharedLoads).toBe(4)
    }
  })

  it('one that finds the value stored when it comes to claim the key takes it without waiting', async () => {
    const { clock, first: winner, others } = processes(2)
    const [late] = others as [Opened]
    late.store.delay(50, 'add')
    const calling = late.cache.getOrSet('row', () => 'loaded twice')
    await clock.advance(0)
    await winner.cache.getOrSet('row', () => 'value')
    await clock.advance(50)
    expect(await calling).toBe('value')
    expect(late.trace.types()).toEqual(['miss'])
  })

  it('another loads as soon as the first has failed, whatever its claim would have lasted', async () => {
    const { clock, first: winner, others } = processes(3, { ttl: '1h' })
    const held = heldLoad<string>()
    const failing = winner.cache.getOrSet('row', held.load).catch(String)
    await held.begun
    const calls = others.map(({ cache }) => cache.getOrSet('row', () => 'second'))
    await clock.advance(1_000)
    held.fail(new Error('connection lost'))
    await clock.advance(100)
    expect(await failing).toBe('Error: connection lost')
    expect(await Promise.all(calls)).toEqual(['second', 'second'])
    expect(loadsOf(others).toSorted()).toEqual([0, 1])
  })

  it('those that wait load side by side when the value is not to be stored', async () => {
    const { clock, first: winner, others } = processes(4)
    const held = heldLoad<string>()
    const first = winner.cache.getOrSet('row', ({ noStore }) => {
      noStore()
      return held.load()
    })
    await held.begun
    const calls = others.map(({ cache }, index) =>
      cache.getOrSet('row', async () => {
        await clock.sleep(200)
        return `own ${index}`
      }),
    )
    await clock.advance(0)
    held.finish('private')
    // The longest pause of those that wait, and the time of one load.
    await clock.advance(50 + 200)
    expect(await first).toBe('private')
    expect(await Promise.all(calls)).toEqual(['own 0', 'own 1', 'own 2'])
  })

  it('one that waits never gets what was loaded before another deleted the key', async () => {
    const { clock, first: winner, others } = processes(3)
    const [waiting, writer] = others as [Opened, Opened]
    const held = heldLoad<string>()
    const older = winner.cache.getOrSet('row', held.load)
    await held.begun
    const calling = waiting.cache.getOrSet('row', () => 'new')
    await clock.advance(10)
    await writer.cache.delete('row')
    await clock.advance(50)
    held.finish('old')
    expect([await older, await calling]).toEqual(['old', 'new'])
    expect(winner.trace.types()).toEqual(['miss', 'load', 'commit-rejected'])
    expect(await writer.cache.get('row')).toBe('new')
  })
})

describe('While one process refreshes a stale value', () => {
  it('the others serve the stale one at once', async () => {
    const { clock, first: winner, others } = processes(4, {}, GRACE)
    await winner.cache.set('row', 'old')
    await clock.advance(60_000)
    const held = heldLoad<string>()
    const refreshing = winner.cache.getOrSet('row', held.load)
    await held.begun
    for (const { cache, trace } of others) {
      expect(await cache.getOrSet('row', () => 'loaded twice')).toBe('old')
      expect(trace.lines('stale')).toEqual(['miss stale=true', 'hit stale=true'])
    }
    held.finish('new')
    expect(await refreshing).toBe('new')
    for (const { cache } of others) expect(await cache.getOrSet('row', () => 'loaded twice')).toBe('new')
  })

  it('a caller whose stale value dies before it is answered waits for the new one', async () => {
    const { clock, first: winner, others } = processes(2, {}, { ttl: '1m', grace: '1m' })
    const [late] = others as [Opened]
    await winner.cache.set('row', 'old')
    await clock.advance(119_900)
    const held = heldLoad<string>()
    const refreshing = winner.cache.getOrSet('row', held.load)
    await held.begun
    late.store.delay(200, 'add')
    const calling = late.cache.getOrSet('row', () => 'loaded twice')
    await clock.advance(300)
    held.finish('new')
    await clock.advance(50)
    expect([await refreshing, await calling]).toEqual(['new', 'new'])
    expect(late.trace.types()).toEqual(['miss', 'claim-wait'])
  })
})

describe('A claim of 1 s is renewed while its load lasts', () => {
  /** Callers who come to the other processes every 500 ms, for as long as the winner loads. */
  async function crowdDuringLoad(options: Partial<CacheOptions>, stale: boolean) {
    const { clock, first: winner, others } = processes(3, { ttl: '1s', wait: '1m' }, options)
    if (stale) {
      await winner.cache.set('row', 'old')
      await clock.advance(60_000)
    }
    const load = async () => {
      await clock.sleep(20_000)
      return 'new'
    }
    const calls = [winner.cache.getOrSet('row', load)]
    for (let elapsed = 0; elapsed < 20_000; elapsed += 500) {
      await clock.advance(500)
      calls.push(...others.map(({ cache }) => cache.getOrSet('row', () => 'loaded twice')))
    }
    await clock.advance(50)
    return { answers: await Promise.all(calls), loads: loadsOf([winner, ...others]), winner }
  }

  it('so that one of 20 s is the only one', async () => {
    const { answers, loads, winner } = await crowdDuringLoad({}, false)
    expect(loads).toEqual([1, 0, 0])
    expect(new Set(answers)).toEqual(new Set(['new']))
    expect(winner.trace.types()).toEqual(['miss', 'load', 'commit'])
  })

  it('also when it is to replace a stale value', async () => {
    const { answers, loads, winner } = await crowdDuringLoad(GRACE, true)
    expect(loads).toEqual([1, 0, 0])
    expect(answers.slice(1, -2)).toEqual(Array(78).fill('old'))
    expect(winner.trace.types()).toEqual(['set', 'miss', 'load', 'commit'])
  })

  it('also when the stale value dies meanwhile', async () => {
    const { answers, loads, winner } = await crowdDuringLoad({ ttl: '1m', grace: '10s' }, true)
    expect(loads).toEqual([1, 0, 0])
    expect(answers.slice(1, 39)).toEqual(Array(38).fill('old'))
    expect(answers.slice(39)).toEqual(Array(42).fill('new'))
    expect(winner.trace.types()).toEqual(['set', 'miss', 'load', 'commit'])
  })
})
