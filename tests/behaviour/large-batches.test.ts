import { type Cache, createCache, type RemoteStore } from '@lookaside/core'
import { eventTrace, ManualClock } from '@lookaside/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { memcached, memory, newPrefix, redis } from '../backends.js'
import { observedCache } from './observed-cache.js'

const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`)
const text = 'x'.repeat(1_024)

describe.each([redis, memcached])('Large batches on $name', backend => {
  const opened: Cache[] = []
  afterEach(() => Promise.all(opened.splice(0).map(cache => cache.close())))

  async function defaultCache() {
    // Patience for a busy machine: what is shown is that nothing is lost, however much is asked for at once.
    const cache = createCache({ store: backend.openStore(), prefix: newPrefix(), storeTimeout: '2s' })
    opened.push(cache)
    await cache.ready({ timeout: '10s' })
    return { cache, trace: eventTrace(cache) }
  }

  it('are written, read and deleted completely', async () => {
    const { cache, trace } = await defaultCache()
    const keys = keysOf(8_000)
    expect(await cache.setMany(keys.map(key => [key, `${key} ${text}`]))).toBe(true)
    const found = await cache.getMany<string>(keys)
    expect(found.size).toBe(keys.length)
    expect([...found].every(([key, value]) => value === `${key} ${text}`)).toBe(true)
    expect(await cache.deleteMany(keysOf(20_000))).toBe(true)
    expect(await cache.getMany(keys)).toEqual(new Map())
    expect(trace.types()).not.toContain('breaker')
    expect(cache.stats().storeErrors).toBe(0)
  })

  it('are loaded by as many callers at once, each of which has its value', async () => {
    const { cache, trace } = await defaultCache()
    const keys = keysOf(8_000)
    const load = vi.fn(({ key }: { key: string }) => `${key} ${text}`)
    const values = await Promise.all(keys.map(key => cache.getOrSet(key, load)))
    expect(values).toEqual(keys.map(key => `${key} ${text}`))
    expect(load).toHaveBeenCalledTimes(keys.length)
    expect(trace.types()).not.toContain('breaker')
    // A slow machine may have missed deadlines, but the store is in use.
    await expect.poll(() => cache.set('after', 'stored')).toBe(true)
    await expect.poll(() => cache.get('after')).toBe('stored')
  })
})

describe('Large batches on a store that takes a millisecond for each key, one after the other', () => {
  const keys = keysOf(3_000)

  /** Its deadline is less than all the keys take together. */
  function slowCache() {
    const clock = new ManualClock()
    const store = memory.openStore(clock) as RemoteStore
    let last = Promise.resolve()
    function inTurn<T>(cost: number, perform: () => Promise<T>): Promise<T> {
      const answer = last.then(() => clock.sleep(cost)).then(perform)
      last = answer.then(() => {})
      return answer
    }
    const slow: RemoteStore = {
      ...store,
      set: (key, bytes, ttl) => inTurn(1, () => store.set(key, bytes, ttl)),
      getMany: asked => inTurn(asked.length, () => store.getMany(asked)),
      deleteMany: asked => inTurn(asked.length, () => store.deleteMany(asked)),
    }
    return observedCache(memory, { store: slow, clock, storeTimeout: '2s', ttl: '1h' })
  }

  it('are cut into pieces, of which each is in time', async () => {
    const { cache, clock, trace } = slowCache()
    async function inTime<T>(call: Promise<T>): Promise<T> {
      await clock.advance(3_000)
      return call
    }
    expect(await inTime(cache.setMany(keys.map(key => [key, key])))).toBe(true)
    expect((await inTime(cache.getMany(keys))).size).toBe(keys.length)
    expect(await inTime(cache.deleteMany(keys))).toBe(true)
    expect(await inTime(cache.getMany(keys))).toEqual(new Map())
    expect(trace.types()).not.toContain('store-error')
  })
})
