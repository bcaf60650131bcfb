import { describe, expect, it } from 'vitest'
import { cutOff, fates } from './cut-off.js'

const QUEUED = 'queued delete key a'
const DELIVERED = 'delivered delete key a'

describe('A set that could not be stored', () => {
  it.each<[string, { tags?: string[] }]>([
    ['', {}],
    ['with tags', { tags: ['t'] }],
  ])(
    '%s is an invalidation: the old value is read by nobody here, and later by nobody at all',
    async (_, options) => {
      const { cache, store, clock, other, trace } = cutOff()
      await cache.set('a', 'old')
      // What is read goes well all the time.
      store.fail(undefined, { ops: ['set', 'add', 'delete'] })
      expect(await cache.set('a', 'new', options)).toBe(false)
      expect(await cache.get('a')).toBeUndefined()
      expect(await cache.getOrSet('a', () => 'new')).toBe('new')
      expect(await other.get('a')).toBe('old')
      store.heal()
      expect(await cache.get('a')).toBeUndefined()
      await clock.advance(100)
      expect(fates(trace)).toEqual([QUEUED, DELIVERED])
      expect(await other.get('a')).toBeUndefined()
      expect(await cache.set('a', 'new', options)).toBe(true)
      expect(await cache.get('a')).toBe('new')
    },
  )

  it('though its answer was only lost is deleted too: nobody knows', async () => {
    const { cache, store, clock, other } = cutOff()
    await cache.set('a', 'old')
    store.drop('set')
    const setting = cache.set('a', 'new')
    await clock.advance(200)
    expect(await setting).toBe(false)
    expect(await other.get('a')).toBeUndefined()
    expect(await cache.get('a')).toBeUndefined()
  })

  it('lets its caller go at once, though the delete takes long', async () => {
    const { cache, store, clock } = cutOff()
    await cache.set('a', 'old')
    store.fail(undefined, 'set')
    store.delay(150, 'delete')
    expect(await cache.set('a', 'new')).toBe(false)
    store.calls.length = 0
    expect(await cache.get('a')).toBeUndefined()
    expect(store.calls).toEqual([])
    await clock.advance(150)
  })

  it('because it was not meant to be, nor could be deleted, is an invalidation too', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    for (const [value, options] of [
      ['new', { ttl: 0 }],
      [() => 'a function', {}],
    ] as const) {
      await cache.set('a', 'old')
      trace.events.length = 0
      store.fail()
      expect(await cache.set('a', value, options)).toBe(false)
      store.heal()
      expect(await cache.get('a')).toBeUndefined()
      await clock.advance(100)
      expect(fates(trace)).toEqual([QUEUED, DELIVERED])
      expect(await other.get('a')).toBeUndefined()
    }
  })

  it('is one invalidation per entry of setMany', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    const old = new Map(['a', 'b', 'c'].map(key => [key, 'old']))
    await cache.setMany(old)
    store.fail(undefined, { ops: ['set', 'delete'] })
    expect(await cache.setMany(['a', 'b'].map(key => [key, 'new']))).toBe(false)
    store.heal()
    expect(await cache.getMany([...old.keys()])).toEqual(new Map([['c', 'old']]))
    expect(await other.getMany([...old.keys()])).toEqual(old)
    await clock.advance(100)
    expect(await other.getMany([...old.keys()])).toEqual(new Map([['c', 'old']]))
    expect(fates(trace)).toEqual([QUEUED, 'queued delete key b', DELIVERED, 'delivered delete key b'])
  })

  it('on condition of what was there is an invalidation of that', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    await cache.set('a', 'old')
    const { version } = await cache.lookup('a')
    store.fail(undefined, { ops: ['replace', 'delete'] })
    expect(await cache.set('a', 'new', { ifVersion: version })).toBe(false)
    expect(await cache.get('a')).toBeUndefined()
    store.heal()
    await clock.advance(100)
    expect(fates(trace)).toEqual([QUEUED, DELIVERED])
    expect(await other.get('a')).toBeUndefined()
  })

  it('on condition of what was there leaves alone what others have stored since', async () => {
    const { cache, store, clock, other } = cutOff()
    await cache.set('a', 'old')
    const { version } = await cache.lookup('a')
    await other.set('a', 'newer')
    store.fail(undefined, 'replace')
    expect(await cache.set('a', 'new', { ifVersion: version })).toBe(false)
    await clock.advance(1_000)
    expect(await cache.get('a')).toBe('newer')
  })
})

describe('A forced load that could not be stored', () => {
  it('because the store does not answer is an invalidation of what was there', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    await cache.set('a', 'old')
    store.fail()
    expect(await cache.getOrSet('a', () => 'new', { refresh: true })).toBe('new')
    store.heal()
    expect(await cache.get('a')).toBeUndefined()
    expect(await other.get('a')).toBe('old')
    await clock.advance(100)
    expect(fates(trace)).toEqual([QUEUED, DELIVERED])
    expect(await other.get('a')).toBeUndefined()
  })

  it.each<[string, () => unknown]>([
    ['stored', () => 'new'],
    ['encoded', () => () => 'a function'],
  ])('because the store was cut off while it ran, before its result was %s, is one too', async (_, load) => {
    const { cache, store, clock, other, trace } = cutOff()
    await cache.set('a', 'old')
    const value = load()
    const loaded = await cache.getOrSet<unknown>(
      'a',
      () => {
        store.fail(undefined, { ops: ['replace', 'delete'] })
        return value
      },
      { refresh: true },
    )
    expect(loaded).toBe(value)
    expect(await cache.get('a')).toBeUndefined()
    store.heal()
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(100)
    expect(fates(trace)).toEqual([QUEUED, DELIVERED])
    expect(await other.get('a')).toBeUndefined()
  })

  it('is none where nothing was there: its own marker had taken the place', async () => {
    const { cache, store, clock, trace } = cutOff({ claimTtl: 1_000 })
    const load = () => {
      store.fail(undefined, { ops: ['replace', 'delete'] })
      return 'new'
    }
    expect(await cache.getOrSet('a', load, { refresh: true })).toBe('new')
    await clock.advance(100)
    expect(fates(trace)).toEqual([])
  })

  it('is none where nobody forced it: what was there may be served until it dies', async () => {
    const { cache, store, clock, trace } = cutOff()
    await cache.set('a', 'old', { ttl: 1_000, grace: '1m' })
    await clock.advance(1_000)
    store.fail()
    expect(await cache.getOrSet('a', () => 'new')).toBe('new')
    store.heal()
    expect((await cache.lookup('a')).state).toBe('stale')
    expect(fates(trace)).toEqual([])
  })
})
