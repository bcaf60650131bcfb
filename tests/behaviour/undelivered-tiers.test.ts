import { type Cache, memoryBus } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { type CutOffOptions, cutOff, fates } from './cut-off.js'

type Invalidate = (cache: Cache) => Promise<boolean>

const ways: [string, Invalidate][] = [
  ['delete', cache => cache.delete('a')],
  ['expire', cache => cache.expire('a')],
  ['deleteTags', cache => cache.deleteTags(['t'])],
  ['expireTags', cache => cache.expireTags(['t'])],
  ['clear', cache => cache.clear()],
]

function tiered(options: CutOffOptions = {}) {
  const both = cutOff({ local: true, ...options })
  const cached = (cache: Cache, value: string) => cache.getOrSet('a', () => value, { tags: ['t'] })
  return { ...both, cached }
}

describe.each(ways)('A local tier, by a %s that the store did not take,', (_how, invalidate) => {
  it('holds nothing that was invalidated, while the store shows the old value', async () => {
    const { cache, store, clock, cached, other } = tiered()
    expect(await cached(cache, 'old')).toBe('old')
    expect(cache.peek('a')).toBe('old')
    store.fail()
    expect(await invalidate(cache)).toBe(false)
    store.heal()
    for (let read = 0; read < 3; read++) {
      expect(await cache.get('a')).toBeUndefined()
      expect(await cache.getMany(['a'])).toEqual(new Map())
      expect(cache.peek('a')).toBeUndefined()
    }
    expect(await other.get('a')).toBe('old')
    expect(await cached(cache, 'new')).toBe('new')
    await clock.advance(100)
    expect(await cached(cache, 'newest')).toMatch(/^new/)
    expect(await cached(other, 'newest')).toMatch(/^new/)
  })

  it('keeps no copy of what was read before and arrives afterwards', async () => {
    const { cache, store, clock, cached, other } = tiered()
    await cached(other, 'old')
    store.delay(50, { ops: ['get', 'getMany'], times: 1 })
    const reading = cache.get('a')
    await clock.advance(0)
    store.fail()
    expect(await invalidate(cache)).toBe(false)
    store.heal()
    await clock.advance(50)
    await reading
    expect(cache.peek('a')).toBeUndefined()
    expect(await cache.get('a')).toBeUndefined()
  })

  it('in another process is told when the store is', async () => {
    const bus = memoryBus()
    const { cache, store, clock, cached, open, trace } = tiered({ bus })
    const other = open({ local: true, bus })
    await clock.advance(0)
    await cached(other, 'old')
    expect(other.peek('a')).toBe('old')
    store.fail()
    expect(await invalidate(cache)).toBe(false)
    await clock.advance(0)
    expect(other.peek('a')).toBe('old')
    store.heal()
    await clock.advance(100)
    expect(fates(trace).map(line => line.split(' ')[0])).toEqual(['queued', 'delivered'])
    expect(other.peek('a')).toBeUndefined()
    expect(await other.get('a')).toBeUndefined()
    expect(await cached(other, 'new')).toBe('new')
    expect(await cached(cache, 'newer')).toBe('new')
  })
})

describe('A local tier', () => {
  it('holds nothing that a set did not replace', async () => {
    const { cache, store, clock, cached, other } = tiered()
    await cached(cache, 'old')
    store.fail(undefined, { ops: ['set', 'delete', 'deleteMany'] })
    expect(await cache.set('a', 'new')).toBe(false)
    expect(cache.peek('a')).toBeUndefined()
    expect(await cache.get('a')).toBeUndefined()
    expect(cache.peek('a')).toBeUndefined()
    store.heal()
    await clock.advance(100)
    expect(await other.get('a')).toBeUndefined()
  })

  it('holds nothing that a forced load did not replace', async () => {
    const { cache, store, clock, cached, other } = tiered()
    await cached(cache, 'old')
    store.fail(undefined, { ops: ['replace', 'delete', 'deleteMany'] })
    expect(await cache.getOrSet('a', () => 'new', { refresh: true })).toBe('new')
    expect(cache.peek('a')).toBeUndefined()
    expect(await cache.get('a')).toBeUndefined()
    store.heal()
    await clock.advance(100)
    expect(await other.get('a')).toBeUndefined()
  })
})
