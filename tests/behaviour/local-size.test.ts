import { lruStore } from '@lookaside/lru'
import { describe, expect, it } from 'vitest'
import { lru } from '../backends.js'
import { observedCache } from './observed-cache.js'

describe('A local store that limits by size', () => {
  const limited = () =>
    observedCache(lru, { store: lruStore({ maxSize: 100, sizeOf: value => String(value).length }) })
  const large = 'x'.repeat(101)

  it('does not take a value that is too large for it by set, which takes the old one away', async () => {
    const { cache, trace } = limited()
    await cache.set('a', 'old')
    trace.events.length = 0
    expect(await cache.set('a', large)).toBe(false)
    expect(await cache.get('a')).toBeUndefined()
    expect(trace.lines('key', 'reason')).toEqual(['not-stored key=a reason=too-large', 'miss key=a'])
    expect(trace.events[0]).toMatchObject({ error: { code: 'ERR_CACHE_TOO_LARGE' } })
  })

  it('does not keep callers from a value that is too large for it', async () => {
    const { cache, trace } = limited()
    expect(await cache.getOrSet('a', () => large)).toBe(large)
    expect(trace.lines('reason')).toEqual(['miss', 'load reason=miss', 'not-stored reason=too-large'])
    expect((await cache.lookup('a')).state).toBe('miss')
    // No marker stays behind that would keep the next value from being stored.
    expect(await cache.getOrSet('a', () => 'small')).toBe('small')
    expect(await cache.get('a')).toBe('small')
  })

  it('lets a refresh with a value that is too large take the old one away', async () => {
    const { cache } = limited()
    await cache.set('a', 'old')
    expect(await cache.getOrSet('a', () => large, { refresh: true })).toBe(large)
    expect((await cache.lookup('a')).state).toBe('miss')
  })

  it('does not ask sizeOf for what is no value of the application', async () => {
    const asked: unknown[] = []
    const sizeOf = (value: unknown) => {
      asked.push(value)
      return 1
    }
    const { cache } = observedCache(lru, { store: lruStore({ maxSize: 100, sizeOf }) })
    await cache.getOrSet('a', () => 'value')
    await cache.getOrSet('b', context => context.noStore())
    expect(asked).toEqual(['value'])
  })

  it('never fails a caller by a sizeOf that throws', async () => {
    const bug = new Error('a bug in sizeOf')
    const sizeOf = () => {
      throw bug
    }
    const { cache, trace } = observedCache(lru, { store: lruStore({ maxSize: 100, sizeOf }) })
    expect(await cache.getOrSet('a', () => 'value')).toBe('value')
    expect(await cache.set('b', 'value')).toBe(false)
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map())
    const told = trace.events.filter(({ type }) => type === 'not-stored')
    expect(told).toHaveLength(2)
    for (const event of told) {
      expect(event).toMatchObject({ reason: 'store-error', error: { code: 'ERR_CACHE_STORE', cause: bug } })
    }
  })
})
