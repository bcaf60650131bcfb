import { type CacheError, writeThrough } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Backend, backends, memory, newPrefix, openCache } from '../backends.js'
import { heldWrite } from '../writing/held-write.js'
import { faultyCache } from './faulty-cache.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('writeThrough on $name', (backend: Backend) => {
  it('writes, resolves to what the write does, and readers find the new value at once', async () => {
    const { cache, trace } = observedCache(backend)
    const write = vi.fn(async () => ({ id: 7 }))
    expect(await writeThrough(cache, 'a', 'new', write)).toEqual({ id: 7 })
    expect(write.mock.calls).toEqual([[]])
    expect(await cache.get('a')).toBe('new')
    expect(trace.lines('key', 'tier')).toEqual([
      'set key=a',
      `hit key=a tier=${backend.kind === 'local' ? 'local' : 'remote'}`,
    ])
  })

  it('replaces what is there: a value, a stale one, a dead one, another form of one', async () => {
    const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 1_000 })
    for (const age of [0, 1_500, 2_500]) {
      await cache.set('a', 'old')
      await clock.advance(age)
      await writeThrough(cache, 'a', 'new', () => {})
      expect(await cache.lookup('a')).toMatchObject({ state: 'fresh', value: 'new' })
    }
    await cache.set('b', 'old', { version: 1 })
    await writeThrough(cache, 'b', 'new', () => {}, { version: 2 })
    expect(await cache.get('b', { version: 2 })).toBe('new')
    await cache.increment('c')
    await writeThrough(cache, 'c', 'new', () => {})
    expect(await cache.get('c')).toBe('new')
  })

  it('can tell the value by the result of the write', async () => {
    const { cache } = observedCache(backend)
    const value = vi.fn(({ id }: { id: number }) => ({ id, name: 'Ada' }))
    expect(await writeThrough(cache, 'a', value, () => ({ id: 7 }))).toEqual({ id: 7 })
    expect(await cache.get('a')).toEqual({ id: 7, name: 'Ada' })
    expect(value.mock.calls).toEqual([[{ id: 7 }]])
  })

  it.each([undefined, null, 0, '', false, new Map([['a', new Date(0)]])])(
    'keeps the value %o',
    async value => {
      const { cache } = observedCache(backend)
      await writeThrough(cache, 'a', value, () => {})
      expect(await cache.lookup('a')).toMatchObject({ state: 'fresh', value })
    },
  )

  it('takes the options of set', async () => {
    const { cache, clock } = observedCache(backend)
    await writeThrough(cache, 'a', 'new', () => {}, { ttl: 1_000, grace: 500, version: 3 })
    expect(await cache.lookup('a', { version: 3 })).toMatchObject({
      state: 'fresh',
      staleAt: clock.now() + 1_000,
      deleteAt: clock.now() + 1_500,
    })
    expect((await cache.lookup('a')).state).toBe('miss')
    await writeThrough(cache, 'b', null, () => {}, { negativeTtl: 200, ttl: 1_000 })
    expect(await cache.lookup('b')).toMatchObject({ staleAt: clock.now() + 200 })
  })

  it('goes by the defaults of a namespace, and stays within it', async () => {
    const { cache, clock } = observedCache(backend)
    const users = cache.namespace<string>('users', { ttl: 700 })
    await writeThrough(users, 'a', 'new', () => {})
    expect(await users.lookup('a')).toMatchObject({ value: 'new', staleAt: clock.now() + 700 })
    expect(await cache.has('a')).toBe(false)
  })

  it('counts its ttl from the end of the write', async () => {
    const { cache, clock } = observedCache(backend)
    const row = { value: 'old' }
    const held = heldWrite(row, 'new')
    const writing = writeThrough(cache, 'a', 'new', held.write, { ttl: 1_000 })
    await held.begun
    await clock.advance(900)
    held.finish()
    await writing
    expect(await cache.lookup('a')).toMatchObject({
      createdAt: clock.now(),
      staleAt: clock.now() + 1_000,
    })
  })

  it('deletes the key when the write rejects, with its own error: it may have committed all the same', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 'old')
    trace.events.length = 0
    const error = new Error('connection lost during COMMIT')
    await expect(writeThrough(cache, 'a', 'new', () => Promise.reject(error))).rejects.toBe(error)
    expect(trace.lines('kind', 'key', 'delivered')).toEqual(['invalidate kind=delete key=a delivered=true'])
    expect((await cache.lookup('a')).state).toBe('miss')
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    expect(await cache.get('a')).toBe('loaded')
  })

  it('deletes the key when the write throws synchronously', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', 'old')
    const write = () => {
      throw new Error('bad SQL')
    }
    await expect(writeThrough(cache, 'a', 'new', write)).rejects.toThrow('bad SQL')
    expect(await cache.has('a')).toBe(false)
  })

  it('with a ttl of 0 stores nothing, and nothing old is left', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', 'old')
    expect(await writeThrough(cache, 'a', 'new', () => 'written', { ttl: 0 })).toBe('written')
    expect(await cache.has('a')).toBe(false)
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    expect(await cache.get('a')).toBe('loaded')
  })

  it('stores nothing that can not be encoded, and nothing old is left', async () => {
    const { cache, trace } = observedCache(backend, { clone: 'structured' })
    await cache.set('a', 'old')
    trace.events.length = 0
    expect(await writeThrough<unknown, unknown, string>(cache, 'a', { at: () => {} }, () => 'written')).toBe(
      'written',
    )
    expect(trace.lines('reason', 'kind')).toEqual([
      'not-stored reason=not-encodable',
      'invalidate kind=delete',
    ])
    expect(await cache.has('a')).toBe(false)
  })
})

describe('writeThrough with a schema', () => {
  const age = z.object({ age: z.number().int() })
  const aged = (backend: Backend) => observedCache(backend, { schema: age }).cache

  it.each(backends)('refuses a value before anything is written, on $name', async backend => {
    const cache = aged(backend)
    await cache.set('a', { age: 1 })
    const write = vi.fn()
    await expect(writeThrough(cache, 'a', { age: 'old' }, write)).rejects.toMatchObject({
      code: 'ERR_CACHE_SCHEMA',
    })
    expect(write).not.toHaveBeenCalled()
    expect(await cache.get('a')).toEqual({ age: 1 })
  })

  it.each(backends)(
    'tells the result of a write whose value does not match, and deletes the key, on $name',
    async backend => {
      const cache = aged(backend)
      await cache.set('a', { age: 1 })
      const error = await writeThrough(
        cache,
        'a',
        () => ({ age: 'old' }),
        () => ({ id: 7 }),
      ).catch((error: CacheError) => error)
      expect(error).toMatchObject({ name: 'CacheError', code: 'ERR_CACHE_INVALIDATION', result: { id: 7 } })
      expect((error as CacheError).message).toContain(
        'the write succeeded, but what it wrote is not in the cache',
      )
      expect(await cache.has('a')).toBe(false)
    },
  )

  it('tells the result of a write whose value can not be told', async () => {
    const cache = openCache(memory)
    await cache.set('a', 'old')
    const value = () => {
      throw new Error('no such column')
    }
    const promise = writeThrough(cache, 'a', value, () => 7)
    await expect(promise).rejects.toMatchObject({ code: 'ERR_CACHE_INVALIDATION', result: 7 })
    await expect(promise).rejects.toThrow(/not in the cache: no such column\. Its result is in 'result'$/)
    expect(await cache.has('a')).toBe(false)
  })

  it('stores what the schema makes of a value', async () => {
    const { cache } = observedCache(memory)
    const typed = cache.namespace('typed', { schema: z.object({ at: z.coerce.date() }) })
    await writeThrough(typed, 'a', { at: '2030-01-01' }, () => {})
    expect(await typed.get('a')).toEqual({ at: new Date('2030-01-01') })
  })
})

describe('writeThrough costs', () => {
  it('two round trips before the write and one after it', async () => {
    const { cache, store } = faultyCache()
    const before: string[] = []
    await writeThrough(cache, 'a', 'new', () => void before.push(...store.calls.map(({ op }) => op)))
    expect(before).toEqual(['get', 'add'])
    expect(store.calls.map(({ op }) => op)).toEqual(['get', 'add', 'replace'])
    store.calls.length = 0
    await writeThrough(cache, 'a', 'newer', () => {})
    expect(store.calls.map(({ op }) => op)).toEqual(['get', 'replace', 'replace'])
  })

  it('ends with the timers that kept its marker', async () => {
    const clock = new ManualClock()
    const cache = openCache(memory, { clock, prefix: newPrefix() })
    await writeThrough(cache, 'a', 'new', () => {})
    await writeThrough(cache, 'b', 'new', () => Promise.reject(new Error('no'))).catch(() => {})
    await writeThrough(cache, 'c', 'new', () => {}, { ttl: 0 })
    expect(clock.pending).toBe(0)
  })
})
