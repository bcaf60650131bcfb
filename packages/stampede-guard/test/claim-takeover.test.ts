import { describe, expect, it } from 'vitest'
import { settled } from '../../../tests/behaviour/settled.js'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed } from '../src/index.js'
import { loadsOf, openProcesses } from './processes.js'

const endless = () => new Promise<string>(() => {})

describe('When the process that loads has died', () => {
  it.each([
    [{ ttl: '1s' }, {}, 1_000],
    [{ ttl: '1s' }, { claimTtl: '1h' }, 1_000],
    [{}, { claimTtl: '2s' }, 2_000],
    [{}, {}, 5_000],
  ] as const)('one other takes over when its claim has expired: %o, %o', async (options, more, ttl) => {
    const guard = claimed({ wait: '1m', ...options })
    const { clock, first: dying, others } = openProcesses(3, { guard, storeTimeout: 200, ...more })
    const lost = dying.cache.getOrSet('row', endless).catch(({ code }) => code)
    await clock.advance(0)
    const calls = others.flatMap(({ cache }) =>
      Array.from({ length: 3 }, () => cache.getOrSet('row', () => 'taken over')),
    )
    // Its last renewal was a quarter of the claim's time before.
    await clock.advance(2.75 * ttl)
    dying.store.hang()
    const answered = settled(Promise.any(calls))
    await clock.advance(0.75 * ttl - 1)
    expect(answered()).toBe(false)
    // One looks and loads, the other finds its value: a longest pause for each.
    await clock.advance(1 + 2 * 50)
    expect(await Promise.all(calls)).toEqual(Array(6).fill('taken over'))
    expect(loadsOf(others).toSorted()).toEqual([0, 1])
    await clock.advance(60_000)
    expect(await lost).toBe('ERR_CACHE_LOAD_TIMEOUT')
  })

  it('one other refreshes the stale value when its claim has expired', async () => {
    const options = { guard: claimed({ ttl: '1s' }), ttl: '1m', grace: '1h', storeTimeout: 200 } as const
    const { clock, first: dying, others } = openProcesses(3, options)
    await dying.cache.set('row', 'old')
    await clock.advance(60_000)
    const lost = dying.cache.getOrSet('row', endless)
    await clock.advance(0)
    dying.store.hang()
    const read = () => Promise.all(others.map(({ cache }) => cache.getOrSet('row', () => 'taken over')))
    await clock.advance(999)
    expect(await read()).toEqual(['old', 'old'])
    await clock.advance(1)
    expect(await read()).toContain('taken over')
    expect(await read()).toEqual(['taken over', 'taken over'])
    expect(loadsOf(others).toSorted()).toEqual([0, 1])
    await clock.advance(60_000)
    expect(await lost).toBe('old')
  })
})

describe('A process that can not reach the store', () => {
  it.each(['fail', 'hang'] as const)('loads once for all its callers when its calls %s', async fault => {
    const { clock, all } = openProcesses(3, { guard: claimed(), storeTimeout: 200 })
    let loads = 0
    const load = async () => {
      loads++
      await clock.sleep(500)
      return 'own'
    }
    const calls = all.flatMap(({ cache, store }) => {
      store[fault]()
      return Array.from({ length: 5 }, () => cache.getOrSet('row', load))
    })
    await clock.advance(fault === 'hang' ? 700 : 500)
    expect(await Promise.all(calls)).toEqual(Array(15).fill('own'))
    expect(loads).toBe(3)
    for (const { trace } of all) {
      expect(trace.types()).not.toContain('claim-wait')
      expect(trace.lines('reason').at(-1)).toBe('not-stored reason=no-claim')
    }
  })

  it('any longer does not wait for the end of a load that it can not see', async () => {
    const { clock, first: loading, others } = openProcesses(2, { guard: claimed() })
    const held = heldLoad<string>()
    const elsewhere = loading.cache.getOrSet('row', held.load)
    await held.begun
    for (const { cache, store, trace } of others) {
      const calls = [1, 2, 3].map(() => cache.getOrSet('row', () => 'own'))
      await clock.advance(1_000)
      store.fail()
      await clock.advance(50)
      expect(await Promise.all(calls)).toEqual(['own', 'own', 'own'])
      expect(trace.types().slice(3)).toEqual(['claim-wait', 'store-error', 'load', 'not-stored'])
    }
    held.finish('value')
    expect(await elsewhere).toBe('value')
  })
})
