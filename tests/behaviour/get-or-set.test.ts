import { describe, expect, it, vi } from 'vitest'
import { backends, newPrefix, openCache, remoteBackends } from '../backends.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('getOrSet on $name', backend => {
  it('loads a missing value, stores it, and then answers from the cache', async () => {
    const { cache, trace } = observedCache(backend)
    const load = vi.fn(async () => ({ name: 'Ada' }))
    expect(await cache.getOrSet('user:1', load)).toEqual({ name: 'Ada' })
    expect(await cache.getOrSet('user:1', load)).toEqual({ name: 'Ada' })
    expect(load).toHaveBeenCalledTimes(1)
    expect(trace.lines('key', 'reason', 'tier', 'stale')).toEqual([
      'miss key=user:1 stale=false',
      'load key=user:1 reason=miss',
      'commit key=user:1',
      `hit key=user:1 tier=${backend.kind} stale=false`,
    ])
    expect(cache.stats()).toMatchObject({ misses: 1, loads: 1, commits: 1, hitRate: 0.5 })
  })

  it.each([[undefined], [null], [0], [-0], [Number.NaN], [''], [false]])(
    'keeps a loaded %o and does not load it again',
    async value => {
      const { cache } = observedCache(backend)
      const load = vi.fn(() => value)
      expect(await cache.getOrSet('nothing', load)).toBe(value)
      expect(await cache.getOrSet('nothing', load)).toBe(value)
      expect(load).toHaveBeenCalledTimes(1)
    },
  )

  it('tells the loader its key, a live signal, and that nothing was there before', async () => {
    const { cache } = observedCache(backend)
    const context = await cache.getOrSet('a', context => {
      const { key, signal, previous, background } = context
      return { key, aborted: signal.aborted, previous, background }
    })
    expect(context).toEqual({ key: 'a', aborted: false, previous: undefined, background: false })
  })

  it.each([[new RangeError('no such user')], ['a string'], [undefined]])(
    'rejects with the very thing that the loader threw: %o',
    async thrown => {
      const { cache, trace } = observedCache(backend)
      const caught = await cache
        .getOrSet('a', async () => {
          throw thrown
        })
        .then(
          () => 'resolved',
          error => [error],
        )
      expect(caught).toEqual([thrown])
      expect((caught as unknown[])[0]).toBe(thrown)
      expect(trace.lines('key')).toEqual(['miss key=a', 'load-error key=a'])
      expect(cache.stats()).toMatchObject({ loads: 0, loadErrors: 1, commits: 0 })
    },
  )

  it('rejects, rather than throws, when a loader throws synchronously', async () => {
    const { cache } = observedCache(backend)
    const error = new Error('at once')
    const promise = cache.getOrSet('a', () => {
      throw error
    })
    await expect(promise).rejects.toBe(error)
  })

  it('leaves no claim behind after a failed load: the next call loads and stores', async () => {
    const { cache, trace } = observedCache(backend)
    await expect(cache.getOrSet('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    expect(await cache.getOrSet('a', () => 'up')).toBe('up')
    expect(trace.types()).toEqual(['miss', 'load-error', 'miss', 'load', 'commit'])
  })

  it('gives concurrent callers of a cache without a guard a load each, and stores one', async () => {
    const { cache, trace } = observedCache(backend)
    let started = 0
    const together = gate()
    const load = async () => {
      const mine = ++started
      if (mine === 3) together.open()
      await together.passed
      return mine
    }
    const values = await Promise.all([1, 2, 3].map(() => cache.getOrSet('a', load)))
    expect(values.toSorted()).toEqual([1, 2, 3])
    expect(cache.stats()).toMatchObject({ misses: 3, loads: 3, commits: 1 })
    expect(trace.lines('reason').filter(line => line.startsWith('not-stored'))).toEqual([
      'not-stored reason=no-claim',
      'not-stored reason=no-claim',
    ])
  })

  it('does not store what it loaded when the key was deleted meanwhile', async () => {
    const { cache, trace } = observedCache(backend)
    const value = await cache.getOrSet('a', async () => {
      await cache.delete('a')
      return 'old'
    })
    expect(value).toBe('old')
    expect(await cache.get('a')).toBeUndefined()
    expect(trace.lines('key', 'delivered')).toEqual([
      'miss key=a',
      'invalidate key=a delivered=true',
      'load key=a',
      'commit-rejected key=a',
      'miss key=a',
    ])
    expect(cache.stats().commitsRejected).toBe(1)
  })

  it('keeps apart keys that look alike', async () => {
    const { cache } = observedCache(backend)
    const keys = [
      ...['a', 'A', ' a', 'a ', 'a\n', 'a\0', '\0a', 'a:', ':a', 'a::b', 'a:b', '#tag:a', ':#tag:a'],
      ...['\u00e9', 'e\u0301', '\ud800', '\udfff', '\ufffd', '__proto__', 'constructor', '../a', '*', '%61'],
      ...['x'.repeat(250), 'x'.repeat(251), 'x'.repeat(100_000), `${'x'.repeat(100_000)}y`],
    ]
    for (const [index, key] of keys.entries()) await cache.getOrSet(key, () => index)
    const found = await Promise.all(keys.map(key => cache.get<number>(key)))
    expect(found).toEqual(keys.map((_, index) => index))
  })
})

describe.each(remoteBackends)('getOrSet on $name, in two processes', backend => {
  it('answers in one what the other has loaded', async () => {
    const prefix = newPrefix()
    const [here, there] = [openCache(backend, { prefix }), openCache(backend, { prefix })]
    await here.getOrSet('a', () => 'from here')
    expect(await there.getOrSet('a', () => 'from there')).toBe('from here')
    expect(there.stats()).toMatchObject({ hits: { local: 0, remote: 1 }, loads: 0 })
  })

  it('does not store what it loaded when the other has deleted the key meanwhile', async () => {
    const prefix = newPrefix()
    const [here, there] = [openCache(backend, { prefix }), openCache(backend, { prefix })]
    const value = await here.getOrSet('a', async () => {
      await there.delete('a')
      return 'old'
    })
    expect(value).toBe('old')
    expect(await there.getOrSet('a', () => 'new')).toBe('new')
    expect(await here.get('a')).toBe('new')
  })
})
