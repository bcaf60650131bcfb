import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, backends, newPrefix } from '../backends.js'
import { observedCache } from './observed-cache.js'

/** Two releases of one application over the same data. */
function releases(backend: Backend) {
  const clock = new ManualClock()
  const prefix = newPrefix()
  const store = backend.openStore(clock)
  const shared = backend.kind === 'local' ? { store } : {}
  const older = observedCache(backend, { clock, prefix, version: 1, ...shared })
  const newer = observedCache(backend, { clock, prefix, version: 2, ...shared })
  return { older, newer }
}

describe.each(backends)('A value of an older version on $name', backend => {
  it('is a miss, and is replaced by what is loaded', async () => {
    const { older, newer } = releases(backend)
    await older.cache.set('a', 'v1')
    expect(await newer.cache.get('a')).toBeUndefined()
    expect(await newer.cache.getOrSet('a', () => 'v2')).toBe('v2')
    expect(await newer.cache.get('a')).toBe('v2')
    expect(newer.trace.types().filter(type => type !== 'unusable')).toEqual([
      'miss',
      'miss',
      'load',
      'commit',
      'hit',
    ])
  })

  it('does not stand in for a failed load', async () => {
    const { older, newer } = releases(backend)
    await older.cache.set('a', 'v1', { grace: '1h' })
    await expect(newer.cache.getOrSet('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
  })

  it('is not handed to the loader', async () => {
    const { older, newer } = releases(backend)
    await older.cache.set('a', 'v1')
    expect(await newer.cache.getOrSet('a', ({ previous }) => ({ previous }))).toEqual({ previous: undefined })
  })
})

describe.each(backends)('A value of a newer version on $name', backend => {
  it('is left alone: the older release loads for itself, and stores nothing', async () => {
    const { older, newer } = releases(backend)
    await newer.cache.set('a', 'v2')
    const load = vi.fn(() => 'v1')
    expect(await older.cache.getOrSet('a', load)).toBe('v1')
    expect(await older.cache.getOrSet('a', load)).toBe('v1')
    expect(load).toHaveBeenCalledTimes(2)
    expect(older.trace.lines('reason').slice(0, 3)).toEqual([
      'miss',
      'load reason=miss',
      'not-stored reason=no-claim',
    ])
    expect(await newer.cache.get('a')).toBe('v2')
  })

  it('is not overwritten by ifVersion of a release that could not read it', async () => {
    const { older, newer } = releases(backend)
    await newer.cache.set('a', 'v2')
    const { state, version } = await older.cache.lookup('a')
    expect(state).toBe('miss')
    expect(await older.cache.set('a', 'v1', { ifVersion: version })).toBe(false)
    expect(await newer.cache.get('a')).toBe('v2')
  })

  it('is deleted by any release', async () => {
    const { older, newer } = releases(backend)
    await newer.cache.set('a', 'v2')
    expect(await older.cache.delete('a')).toBe(true)
    expect(await newer.cache.has('a')).toBe(false)
  })
})

describe.each(backends)('The version on $name', backend => {
  it('can be set by call and by namespace, up to 2^32 - 1', async () => {
    const { cache } = observedCache(backend)
    const largest = 2 ** 32 - 1
    await cache.getOrSet('a', () => 'newest', { version: largest })
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.get('a', { version: largest })).toBe('newest')
    expect(await cache.has('a', { version: largest })).toBe(true)
    const users = cache.namespace('users', { version: 5 })
    await users.set('a', 'v5')
    expect(await users.get('a')).toBe('v5')
    expect(await users.get('a', { version: 6 })).toBeUndefined()
    expect(await users.getMany(['a'], { version: 5 })).toEqual(new Map([['a', 'v5']]))
  })
})
