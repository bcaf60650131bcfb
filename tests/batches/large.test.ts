import { createCache, type RemoteStore } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { eventTrace } from '@lookaside/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { memcached, memory, newPrefix, redis } from '../backends.js'
import { faultyCache } from '../behaviour/faulty-cache.js'

const itself = (item: string) => item
const itemsOf = (count: number) => Array.from({ length: count }, (_, index) => `item ${index}`)
const text = 'x'.repeat(200)
const rowsOf = (all: readonly string[]) => all.map(item => `${item} ${text}`)
const amiss = /error|not-stored|rejected|breaker/

describe.each([redis, memcached])('Five thousand items on $name', backend => {
  it('are loaded by one call, and all stored', async () => {
    // Patience for a busy machine: what is shown is that nothing is lost, however much is asked for at once.
    const cache = createCache({
      store: backend.openStore(),
      prefix: newPrefix(),
      guard: stampedeGuard(),
      storeTimeout: '5s',
    })
    onTestFinished(() => cache.close())
    await cache.ready({ timeout: '10s' })
    const trace = eventTrace(cache)
    const items = itemsOf(5_000)
    const load = vi.fn(rowsOf)
    const ask = () => cache.getOrSetMany(items, { key: itself, load })
    expect(await ask()).toEqual(rowsOf(items))
    expect(load.mock.calls.map(([missing]) => missing.length)).toEqual([5_000])
    expect(trace.types().filter(type => amiss.test(type))).toEqual([])
    expect(cache.stats()).toMatchObject({ loads: 5_000, commits: 5_000, storeErrors: 0 })
    expect(await ask()).toEqual(rowsOf(items))
    expect(load).toHaveBeenCalledTimes(1)
  }, 60_000)
})

describe('Three hundred items on a store that takes 10 ms for each, one after the other', () => {
  it('are loaded by one call, and each request of the store is in time', async () => {
    const { cache, clock, trace, store } = faultyCache({
      guard: stampedeGuard(),
      storeTimeout: '2s',
      claimTtl: '1m',
    })
    let last = Promise.resolve()
    function slowed<A extends unknown[], T>(perform: (...args: A) => Promise<T>) {
      return (...args: A) => {
        const answer = last.then(() => clock.sleep(10)).then(() => perform(...args))
        last = answer.then(() => {})
        return answer
      }
    }
    const slow: Pick<RemoteStore, 'add' | 'replace'> = {
      add: slowed(store.add),
      replace: slowed(store.replace),
    }
    Object.assign(store, slow)
    const items = itemsOf(300)
    const load = vi.fn(rowsOf)
    const reading = cache.getOrSetMany(items, { key: itself, load })
    // Three seconds to claim them, and as many to store them.
    await clock.advance(7_000)
    expect(await reading).toEqual(rowsOf(items))
    expect(load.mock.calls.map(([missing]) => missing.length)).toEqual([300])
    expect(trace.types().filter(type => amiss.test(type))).toEqual([])
    expect(cache.stats().commits).toBe(300)
  })
})

describe('Many items of which the store keeps some waiting', () => {
  it('are loaded once it has failed those by its deadline', async () => {
    const { cache, clock, store } = faultyCache({ guard: stampedeGuard(), storeTimeout: '3s' }, memory)
    store.hang({ ops: ['add'], times: 1 })
    const load = vi.fn(rowsOf)
    const reading = cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load })
    await clock.advance(2_999)
    expect(load).not.toHaveBeenCalled()
    await clock.advance(1)
    expect(await reading).toEqual(rowsOf(['a', 'b', 'c']))
    expect(load.mock.calls.map(([missing]) => missing)).toEqual([['a', 'b', 'c']])
    expect([...(await cache.getMany(['a', 'b', 'c'])).keys()]).toEqual(['b', 'c'])
  })
})
