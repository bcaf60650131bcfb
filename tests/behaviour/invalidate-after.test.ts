import type { CacheError, RemoteStore } from '@lookaside/core'
import { faultyStore, ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { backends, memory } from '../backends.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('invalidateAfter on $name', backend => {
  it('resolves as the write does, after the keys were deleted', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.setMany([
      ['a', 'old'],
      ['b', 'old'],
      ['c', 'kept'],
    ])
    trace.events.length = 0
    const write = async () => {
      expect(await cache.get('a')).toBe('old')
      return { written: true }
    }
    expect(await cache.invalidateAfter(write, { keys: ['a', 'b'] })).toEqual({ written: true })
    expect(trace.lines('kind', 'key', 'delivered')).toEqual([
      'hit key=a',
      'invalidate kind=delete key=a delivered=true',
      'invalidate kind=delete key=b delivered=true',
    ])
    expect([...(await cache.getMany(['a', 'b', 'c'])).keys()]).toEqual(['c'])
  })

  it('invalidates also when the write rejects: it may have committed all the same', async () => {
    const { cache } = observedCache(backend)
    const error = new Error('connection lost during COMMIT')
    await cache.set('a', 'old')
    const promise = cache.invalidateAfter(() => Promise.reject(error), { keys: ['a'] })
    await expect(promise).rejects.toBe(error)
    expect(await cache.has('a')).toBe(false)
  })

  it('invalidates when the write throws synchronously', async () => {
    const { cache } = observedCache(backend)
    const error = new Error('bad SQL')
    await cache.set('a', 'old')
    const write = () => {
      throw error
    }
    await expect(cache.invalidateAfter(write, { keys: ['a'] })).rejects.toBe(error)
    expect(await cache.has('a')).toBe(false)
  })

  it('can tell the keys by the result of the write', async () => {
    const { cache } = observedCache(backend)
    await cache.set('user:7', 'old')
    const keys = vi.fn(({ id }: { id: number }) => [`user:${id}`])
    await cache.invalidateAfter(() => ({ id: 7 }), { keys })
    expect(await cache.has('user:7')).toBe(false)
    expect(keys.mock.calls).toEqual([[{ id: 7 }]])
  })

  it('does not ask for keys by a result when there is none', async () => {
    const { cache } = observedCache(backend)
    const keys = vi.fn(() => ['a'])
    await expect(cache.invalidateAfter(() => Promise.reject(new Error('no')), { keys })).rejects.toThrow('no')
    expect(keys).not.toHaveBeenCalled()
  })

  it.each<[string, () => string[], string]>([
    ['throws', () => [undefined as never as { id: string }].map(({ id }) => id), 'Cannot destructure'],
    ['gives a bad key', () => ['a', ''], "a key must be a non-empty string; received ''"],
    ['gives no array', () => 'a' as never, "keys must be an array of non-empty strings; received 'a'"],
  ])('rejects with the result of the write when the function of the keys %s', async (_, keys, reason) => {
    const { cache } = observedCache(backend)
    const result = { id: 7 }
    const error = await cache.invalidateAfter(() => result, { keys }).catch((error: CacheError) => error)
    expect(error).toMatchObject({ name: 'CacheError', code: 'ERR_CACHE_INVALIDATION' })
    expect((error as CacheError).message).toContain(reason)
    expect((error as CacheError).result).toBe(result)
  })

  it.each([[['a', '']], [[7]], [[undefined]]])('rejects bad keys %o before the write runs', async keys => {
    const { cache } = observedCache(backend)
    await cache.set('a', 'kept')
    const write = vi.fn()
    const promise = cache.invalidateAfter(write, { keys: keys as string[] })
    await expect(promise).rejects.toMatchObject({ code: 'ERR_CACHE_KEY' })
    expect(write).not.toHaveBeenCalled()
    expect(await cache.get('a')).toBe('kept')
  })

  it('keeps a load that read before the write from being stored', async () => {
    const { cache } = observedCache(backend)
    let row = 'old'
    const loaded = await cache.getOrSet('a', async () => {
      const read = row
      await cache.invalidateAfter(
        () => {
          row = 'new'
        },
        { keys: ['a'] },
      )
      return read
    })
    expect(loaded).toBe('old')
    expect(await cache.getOrSet('a', () => row)).toBe('new')
  })
})

describe('invalidateAfter with a store that is down', () => {
  it('resolves with the result, and tells that the invalidation was not delivered', async () => {
    const clock = new ManualClock()
    const store = faultyStore(memory.openStore(clock) as RemoteStore)
    const { cache, trace } = observedCache(memory, { store, clock })
    store.fail(new Error('connection refused'))
    expect(await cache.invalidateAfter(() => 'written', { keys: ['a'] })).toBe('written')
    expect(trace.lines('operation', 'delivered')).toEqual([
      'store-error operation=delete',
      'invalidation-queued',
      'invalidate delivered=false',
    ])
  })
})

describe.each(backends)('A collected invalidation on $name', backend => {
  it('deletes nothing until it is run, and then everything at once', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    trace.events.length = 0
    const invalidation = cache.invalidation()
    invalidation.keys('a').keys('b', 'a')
    expect(await cache.has('a')).toBe(true)
    expect(await invalidation.run()).toBe(true)
    expect(trace.lines('key')).toEqual(['hit key=a', 'invalidate key=a', 'invalidate key=b'])
    expect([...(await cache.getMany(['a', 'b', 'c'])).keys()]).toEqual(['c'])
  })

  it('starts afresh after a run', async () => {
    const { cache } = observedCache(backend)
    const invalidation = cache.invalidation().keys('a')
    await invalidation.run()
    await cache.set('a', 1)
    expect(await invalidation.run()).toBe(true)
    expect(await cache.get('a')).toBe(1)
    expect(cache.stats().invalidations).toBe(1)
  })

  it('of a namespace deletes its keys only', async () => {
    const { cache } = observedCache(backend)
    const users = cache.namespace('users')
    await cache.set('a', 1)
    await users.set('a', 2)
    await users.invalidation().keys('a').run()
    expect(await cache.get('a')).toBe(1)
    expect(await users.has('a')).toBe(false)
  })
})
