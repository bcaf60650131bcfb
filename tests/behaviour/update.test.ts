import type { UpdateOptions } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { backends, remoteBackends } from '../backends.js'
import { observedCache } from './observed-cache.js'
import { smallStore } from './small-store.js'

describe.each(backends)('update on $name', backend => {
  it('makes a value of nothing, then of what is there, and resolves to what it stored', async () => {
    const { cache, trace } = observedCache(backend)
    const add = (name: string) => cache.update<string[]>('a', (names = []) => [...names, name])
    expect(await add('Ada')).toEqual(['Ada'])
    expect(await add('Grace')).toEqual(['Ada', 'Grace'])
    expect(await cache.get('a')).toEqual(['Ada', 'Grace'])
    expect(trace.lines('key')).toEqual(['set key=a', 'set key=a', 'hit key=a'])
    expect(cache.stats()).toMatchObject({ misses: 0, loads: 0 })
  })

  it('waits for a change that takes its time', async () => {
    const { cache, clock } = observedCache(backend)
    await cache.set('a', 1)
    const change = vi.fn(async (n: number | undefined) => {
      await clock.sleep(50)
      return (n ?? 0) + 1
    })
    const changing = cache.update<number>('a', change)
    await vi.waitFor(() => expect(change).toHaveBeenCalledTimes(1))
    await clock.advance(50)
    expect(await changing).toBe(2)
    expect(await cache.get('a')).toBe(2)
  })

  it('gives the change nothing of a stale and of a dead value', async () => {
    const { cache, clock } = observedCache(backend, { ttl: '1s', grace: '1s' })
    const seen: unknown[] = []
    const change = (current: unknown) => {
      seen.push(current)
      return 'new'
    }
    await cache.set('stale', 'old')
    await cache.set('dead', 'old', { grace: 0 })
    await cache.set('expired', 'old', { ttl: '1m' })
    await clock.advance(1_000)
    await cache.expire('expired')
    for (const key of ['stale', 'dead', 'expired']) {
      expect(await cache.update(key, change)).toBe('new')
      expect(await cache.lookup(key)).toMatchObject({ state: 'fresh', value: 'new' })
    }
    expect(seen).toEqual([undefined, undefined, undefined])
  })

  it('goes by a cached undefined as by nothing, and stores one', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', undefined)
    expect(await cache.update<number>('a', (n = 5) => n + 1)).toBe(6)
    expect(await cache.update<number | undefined>('a', () => undefined)).toBeUndefined()
    expect(await cache.lookup('a')).toMatchObject({ state: 'fresh', value: undefined })
  })

  it('changes nothing where the change throws or rejects, and the next one goes on', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 'old')
    trace.events.length = 0
    const error = new Error('no')
    const throwing = () => {
      throw error
    }
    await expect(cache.update('a', throwing)).rejects.toBe(error)
    await expect(cache.update('a', () => Promise.reject(error))).rejects.toBe(error)
    await expect(cache.update('absent', throwing)).rejects.toBe(error)
    expect(trace.events).toEqual([])
    expect(await cache.get('a')).toBe('old')
    expect(await cache.has('absent')).toBe(false)
    expect(await cache.update('a', value => `${value} and new`)).toBe('old and new')
  })

  it('heeds its own ttl, grace and version', async () => {
    const { cache, clock } = observedCache(backend)
    const options = { ttl: '1s', grace: '2s', version: 3 } as const
    await cache.update('a', () => 1, options)
    expect(await cache.lookup('a', { version: 3 })).toMatchObject({
      createdAt: clock.now(),
      staleAt: clock.now() + 1_000,
      deleteAt: clock.now() + 3_000,
    })
    await clock.advance(900)
    await cache.update<number>('a', (n = 0) => n + 1, options)
    await clock.advance(900)
    expect(await cache.get('a', { version: 3 })).toBe(2)
  })

  it('with a ttl of 0 deletes what is there, and resolves to what it did not store', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 1)
    trace.events.length = 0
    expect(await cache.update<number>('a', (n = 0) => n + 1, { ttl: 0 })).toBe(2)
    expect(await cache.update<number>('absent', (n = 5) => n, { ttl: 0 })).toBe(5)
    expect(trace.lines('key', 'reason')).toEqual([
      'not-stored key=a reason=ttl-0',
      'not-stored key=absent reason=ttl-0',
    ])
    expect((await cache.lookup('a')).state).toBe('miss')
    expect((await cache.lookup('absent')).state).toBe('miss')
  })

  it('keeps null and undefined for negativeTtl', async () => {
    const { cache, clock } = observedCache(backend, { ttl: '1m', negativeTtl: '1s' })
    await cache.update('a', () => null)
    await cache.update('b', () => 1)
    expect(await cache.lookup('a')).toMatchObject({ staleAt: clock.now() + 1_000 })
    expect(await cache.lookup('b')).toMatchObject({ staleAt: clock.now() + 60_000 })
    await cache.update<number | undefined>('b', () => undefined, { negativeTtl: 0 })
    expect((await cache.lookup('b')).state).toBe('miss')
  })

  it('replaces a value of an older version, unseen, and refuses one of a newer', async () => {
    const { cache } = observedCache(backend, { version: 2 })
    await cache.set('old', 'theirs', { version: 1 })
    await cache.set('new', 'theirs', { version: 3 })
    const change = vi.fn(() => 'ours')
    expect(await cache.update('old', change)).toBe('ours')
    expect(change).toHaveBeenCalledWith(undefined)
    await expect(cache.update('new', change)).rejects.toMatchObject({
      code: 'ERR_CACHE_UNSUPPORTED',
      message: expect.stringContaining("'new' holds a value of a newer version"),
    })
    expect(change).toHaveBeenCalledTimes(1)
    expect(await cache.get('new', { version: 3 })).toBe('theirs')
  })

  it('changes a counter into a value of what it counts', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 41)
    expect(await cache.update<number>('a', (n = 0) => n + 1)).toBe(42)
    expect(await cache.get('a')).toBe(42)
    await expect(cache.increment('a')).rejects.toMatchObject({ code: 'ERR_CACHE_COUNTER' })
    await cache.increment('b', 2n ** 60n)
    expect(await cache.update<bigint>('b', (n = 0n) => n + 1n)).toBe(2n ** 60n + 1n)
  })

  it('loses no count of a counter that it changes meanwhile', async () => {
    const { cache, clock } = observedCache(backend)
    await cache.increment('a', 5)
    const seen: unknown[] = []
    const updating = cache.update<number>('a', async (n = 0) => {
      seen.push(n)
      if (seen.length === 1) await cache.increment('a')
      return n + 100
    })
    await vi.waitFor(async () => {
      await clock.advance(1)
      expect(seen).toEqual([5, 6])
    })
    expect(await updating).toBe(106)
  })

  it('checks the value by its schema, and stores what that makes of it', async () => {
    const { cache } = observedCache(backend)
    const schema = z.object({ n: z.number(), by: z.string().default('somebody') })
    const users = cache.namespace('users', { schema })
    expect(await users.update('a', () => ({ n: 1 }) as never)).toEqual({ n: 1, by: 'somebody' })
    const bad = users.update('a', current => ({ ...current, n: 'one' }) as never)
    await expect(bad).rejects.toMatchObject({ code: 'ERR_CACHE_SCHEMA' })
    expect(await users.get('a')).toEqual({ n: 1, by: 'somebody' })
  })

  it('gives the change nothing of a value that its schema refuses', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', 'text')
    const change = vi.fn((n: number | undefined) => (n ?? 0) + 1)
    expect(await cache.update<number>('a', change, { schema: z.number() })).toBe(1)
    expect(change).toHaveBeenCalledWith(undefined)
  })

  it.each<[string, unknown, unknown, string, RegExp]>([
    ['a change that is no function', 5, {}, 'ERR_CACHE_OPTION', /^update takes a function .*; received 5$/],
    ['no change', undefined, {}, 'ERR_CACHE_OPTION', /received undefined$/],
    ['an unknown option', () => 1, { tll: 5 }, 'ERR_CACHE_OPTION', /'tll' of update; did you mean 'ttl'\?/],
    ['ifVersion', () => 1, { ifVersion: {} }, 'ERR_CACHE_OPTION', /'ifVersion' of update/],
    ['a bad ttl', () => 1, { ttl: -1 }, 'ERR_CACHE_DURATION', /received -1/],
    ['bad tags', () => 1, { tags: 't' }, 'ERR_CACHE_TAG', /'t'/],
    ['bad computed tags', () => 1, { tags: () => [''] }, 'ERR_CACHE_TAG', /''/],
    ['options that are none', () => 1, [], 'ERR_CACHE_OPTION', /received \[\]/],
  ])('rejects for %s', async (_, change, options, code, message) => {
    const { cache } = observedCache(backend)
    const updating = cache.update('a', change as () => number, options as UpdateOptions)
    await expect(updating).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    await expect(cache.update('', () => 1)).rejects.toMatchObject({ code: 'ERR_CACHE_KEY' })
    expect((await cache.lookup('a')).state).toBe('miss')
  })
})

describe.each(remoteBackends)('update of a value that does not fit on $name', backend => {
  it.each<[string, string, () => unknown]>([
    ['too large', 'ERR_CACHE_TOO_LARGE', () => 'x'.repeat(2_000)],
    ['not encodable', 'ERR_CACHE_NOT_ENCODABLE', () => () => {}],
  ])('rejects where it is %s, and leaves the old one', async (_, code, change) => {
    const { cache, trace } = observedCache(backend, { store: smallStore(backend) })
    await cache.set('a', 'old')
    trace.events.length = 0
    await expect(cache.update('a', change)).rejects.toMatchObject({ code })
    await expect(cache.update('b', change)).rejects.toMatchObject({ code })
    expect(trace.types()).toEqual([])
    expect(await cache.get('a')).toBe('old')
    expect(await cache.has('b')).toBe(false)
  })
})

describe.each(backends)("update with clone: 'structured' on $name", backend => {
  it('lets the change do what it likes with a copy of its own', async () => {
    const { cache } = observedCache(backend, { clone: 'structured' })
    await cache.set('a', { names: ['Ada'] })
    const spoilt = cache.update<{ names: string[] }>('a', current => {
      current?.names.push('lost')
      throw new Error('no')
    })
    await expect(spoilt).rejects.toThrow('no')
    const given = { names: ['Grace'] }
    const stored = await cache.update('a', () => given)
    given.names.push('later')
    stored.names.push('later')
    expect(await cache.get('a')).toEqual({ names: ['Grace'] })
  })
})

describe.each(backends)("update with clone: 'freeze' on $name", backend => {
  it('gives the change a frozen value, and resolves to one', async () => {
    const { cache } = observedCache(backend, { clone: 'freeze' })
    await cache.set('a', { names: ['Ada'] })
    const changing = cache.update<{ names: string[] }>('a', current => {
      current?.names.push('Grace')
      return { names: [] }
    })
    await expect(changing).rejects.toThrow(TypeError)
    const stored = await cache.update('a', () => ({ names: ['Grace'] }))
    expect(() => stored.names.push('later')).toThrow(TypeError)
  })
})

describe.each(backends)("update with codec: 'raw' on $name", backend => {
  it('changes plain text', async () => {
    const { cache } = observedCache(backend, { codec: 'raw' })
    expect(await cache.update<string>('a', (text = '') => `${text}x`)).toBe('x')
    expect(await cache.update<string>('a', (text = '') => `${text}y`)).toBe('xy')
    expect(await cache.get('a')).toBe('xy')
  })
})
