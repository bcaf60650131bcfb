import { describe, expect, it, vi } from 'vitest'
import { backends } from '../backends.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('A wrapped function on $name', backend => {
  it('is called once for the same arguments, and for each different ones', async () => {
    const { cache, trace } = observedCache(backend)
    const find = vi.fn(async (id: number, locale: string) => `${id} in ${locale}`)
    const cached = cache.wrap(find, { key: 'user' })
    expect(await cached(42, 'en')).toBe('42 in en')
    expect(await cached(42, 'en')).toBe('42 in en')
    expect(await cached(42, 'de')).toBe('42 in de')
    expect(find.mock.calls).toEqual([
      [42, 'en'],
      [42, 'de'],
    ])
    expect(trace.lines('key')).toEqual([
      ...[
        'miss key=user:42,"en"',
        'load key=user:42,"en"',
        'commit key=user:42,"en"',
        'hit key=user:42,"en"',
      ],
      ...['miss key=user:42,"de"', 'load key=user:42,"de"', 'commit key=user:42,"de"'],
    ])
  })

  it('tells arguments apart that print alike', async () => {
    const { cache } = observedCache(backend)
    const cached = cache.wrap((...args: unknown[]) => args.length, { key: 'f' })
    const calls = [[], [undefined], [null], [1], ['1'], [1n], [true], ['true'], [[1]], [{}], [0], [-0]]
    const keys = calls.map(args => cached.key(...args))
    expect(new Set(keys).size).toBe(calls.length)
    for (const args of calls) await cached(...args)
    expect(cache.stats()).toMatchObject({ loads: calls.length, misses: calls.length })
    expect(cached.key(new Date(0), { b: 1, a: [new Set([2, 1])] })).toBe(
      cached.key(new Date(0), { a: [new Set([1, 2])], b: 1 }),
    )
  })

  it('can make its own key of its arguments', async () => {
    const { cache } = observedCache(backend)
    const find = vi.fn((user: { id: number; seen: Date }) => user.id)
    const cached = cache.wrap(find, { key: ({ id }) => `user:${id}` })
    await cached({ id: 1, seen: new Date(1) })
    await cached({ id: 1, seen: new Date(2) })
    expect(find).toHaveBeenCalledTimes(1)
    expect(cached.key({ id: 1, seen: new Date(3) })).toBe('user:1')
    expect(await cache.get('user:1')).toBe(1)
  })

  it('deletes, expires and refreshes by arguments', async () => {
    const { cache, trace } = observedCache(backend, { grace: '1h' })
    let count = 0
    const cached = cache.wrap(() => ++count, { key: 'counter' })
    expect(await cached()).toBe(1)
    expect(await cached.refresh()).toBe(2)
    expect(await cached()).toBe(2)
    expect(await cached.delete()).toBe(true)
    expect(await cached()).toBe(3)
    expect(await cached.expire()).toBe(true)
    expect(await cache.lookup(cached.key())).toMatchObject({ state: 'stale', value: 3 })
    expect(await cached()).toBe(4)
    expect(trace.lines('reason', 'kind').filter(line => !line.startsWith('commit'))).toEqual([
      ...['miss', 'load reason=miss', 'load reason=forced', 'hit'],
      ...['invalidate kind=delete', 'miss', 'load reason=miss'],
      ...['invalidate kind=expire', 'miss', 'load reason=stale'],
    ])
  })

  it('keeps the function itself as original', async () => {
    const { cache } = observedCache(backend)
    const find = vi.fn((id: number) => id)
    const cached = cache.wrap(find, { key: 'user' })
    expect(cached.original).toBe(find)
    await cached.original(1)
    await cached.original(1)
    expect(find).toHaveBeenCalledTimes(2)
    expect(cache.stats().loads).toBe(0)
  })

  it.each([
    ['ttl', { ttl: 'soon' }, 'ERR_CACHE_DURATION'],
    ['grace', { grace: -1 }, 'ERR_CACHE_DURATION'],
    ['hardTimeout', { hardTimeout: 0 }, 'ERR_CACHE_OPTION'],
    ['schema', { schema: 'user' }, 'ERR_CACHE_OPTION'],
    ['version', { version: 1.5 }, 'ERR_CACHE_OPTION'],
    ['jitter', { jitter: 2 }, 'ERR_CACHE_OPTION'],
  ])('is refused at once when its %s is bad', (_, options, code) => {
    const { cache } = observedCache(backend)
    const wrap = () => cache.wrap(() => 1, { key: 'one', ...(options as object) })
    expect(wrap).toThrow(expect.objectContaining({ name: 'CacheError', code }))
  })

  it('heeds its options, a ttl by the value among them', async () => {
    const { cache, clock } = observedCache(backend)
    const cached = cache.wrap((id: number) => ({ id }), { key: 'user', ttl: ({ id }) => id, grace: 5 })
    await cached(100)
    expect(await cache.lookup(cached.key(100))).toMatchObject({
      staleAt: clock.now() + 100,
      deleteAt: clock.now() + 105,
    })
  })

  it('rejects with what the function throws, and keeps nothing', async () => {
    const { cache } = observedCache(backend)
    const error = new Error('no such user')
    const find = vi.fn((_id: number): Promise<string> => Promise.reject(error))
    const cached = cache.wrap(find, { key: 'user' })
    await expect(cached(1)).rejects.toBe(error)
    await expect(cached(1)).rejects.toBe(error)
    expect(find).toHaveBeenCalledTimes(2)
  })

  it('of a namespace keeps its results there', async () => {
    const { cache } = observedCache(backend)
    const users = cache.namespace('users')
    const cached = users.wrap((id: number) => id, { key: 'byId' })
    await cached(1)
    expect(await users.has(cached.key(1))).toBe(true)
    expect(await cache.has(cached.key(1))).toBe(false)
  })
})
