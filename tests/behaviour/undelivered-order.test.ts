import type { Cache } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { cutOff, fates } from './cut-off.js'

describe('Of a delete and an expiry that the store did not take', () => {
  it.each([
    ['the delete first', ['delete', 'expire']],
    ['the expiry first', ['expire', 'delete']],
  ] as const)('of a key the delete counts: %s', async (_, [first, second]) => {
    const { cache, store, clock, other, trace } = cutOff()
    await cache.set('a', 'old', { grace: '1m' })
    store.fail()
    expect(await cache[first]('a')).toBe(false)
    expect(await cache[second]('a')).toBe(false)
    store.heal()
    store.calls.length = 0
    await clock.advance(100)
    expect(store.calls).toEqual([{ op: 'delete', keys: [`${cache.path}::a`] }])
    expect(fates(trace)).toEqual([`queued ${first} key a`, 'delivered delete key a'])
    expect((await other.lookup('a')).state).toBe('miss')
  })

  it.each([
    ['the delete first', ['deleteTags', 'expireTags']],
    ['the expiry first', ['expireTags', 'deleteTags']],
  ] as const)('of a tag the delete counts: %s', async (_, [first, second]) => {
    const { cache, store, clock, other } = cutOff()
    await cache.set('a', 'old', { grace: '1m', tags: ['t'] })
    store.fail()
    expect(await cache[first](['t'])).toBe(false)
    expect(await cache[second](['t'])).toBe(false)
    store.heal()
    expect((await cache.lookup('a')).state).toBe('miss')
    await clock.advance(100)
    expect((await other.lookup('a')).state).toBe('miss')
  })

  it('the delete stays in line when the store takes the expiry, of a key and of a tag', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    await cache.set('a', 'old', { grace: '1m' })
    await cache.set('b', 'old', { grace: '1m', tags: ['t'] })
    store.fail()
    await cache.delete('a')
    await cache.deleteTags(['t'])
    store.heal()
    expect(await cache.expire('a')).toBe(true)
    expect(await cache.expireTags(['t'])).toBe(true)
    for (const key of ['a', 'b']) expect((await cache.lookup(key)).state).toBe('miss')
    await clock.advance(100)
    for (const key of ['a', 'b']) expect((await other.lookup(key)).state).toBe('miss')
    expect(fates(trace).slice(2)).toEqual(['delivered delete key a', 'delivered delete tag t'])
  })

  it('the expiry is taken off when the store takes the delete', async () => {
    const { cache, store, trace } = cutOff()
    await cache.set('a', 'old', { grace: '1m' })
    store.fail()
    await cache.expire('a')
    await cache.expireTags(['t'])
    store.heal()
    expect(await cache.delete('a')).toBe(true)
    expect(await cache.deleteTags(['t'])).toBe(true)
    expect(fates(trace).slice(2)).toEqual(['delivered expire key a', 'delivered expire tag t'])
  })
})

describe('An invalidation in line', () => {
  it.each<[string, (cache: Cache) => Promise<boolean>]>([
    ['delete', cache => cache.delete('a')],
    ['deleteMany', cache => cache.deleteMany(['a', 'b'])],
    ['set', cache => cache.set('a', 'new')],
    ['setMany', cache => cache.setMany([['a', 'new']])],
  ])('is taken off by a %s that the store has taken, and sent no more', async (_, call) => {
    const { cache, store, clock, trace } = cutOff()
    await cache.set('a', 'old')
    store.fail()
    await cache.delete('a')
    store.heal()
    expect(await call(cache)).toBe(true)
    expect(fates(trace)).toEqual(['queued delete key a', 'delivered delete key a'])
    expect(await cache.get('a')).not.toBe('old')
    await cache.set('a', 'newer')
    store.calls.length = 0
    await clock.advance(5_000)
    expect(store.calls).toEqual([])
    expect(await cache.get('a')).toBe('newer')
  })

  it.each<[string, (cache: Cache) => Promise<boolean>]>([
    ['delete', cache => cache.delete('a')],
    ['set', cache => cache.set('a', 'old')],
  ])('is not taken off by a %s that was sent before it was made', async (_, call) => {
    const { cache, store, clock, other, trace } = cutOff()
    store.delay(50, { ops: ['delete', 'set'], times: 1 })
    const sent = call(cache)
    await clock.advance(0)
    store.fail()
    expect(await cache.delete('a')).toBe(false)
    store.heal()
    await clock.advance(50)
    expect(await sent).toBe(true)
    await other.set('a', 'old')
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(100)
    expect(fates(trace)).toEqual(['queued delete key a', 'delivered delete key a'])
    expect(await other.get('a')).toBeUndefined()
  })

  it('of a tag is not taken off by one that was sent before it was made', async () => {
    const { cache, store, clock, other } = cutOff()
    await cache.set('a', 'old', { tags: ['t'] })
    store.delay(50, 'deleteMany')
    const sent = cache.deleteTags(['t'])
    await clock.advance(0)
    store.fail()
    expect(await cache.deleteTags(['t'])).toBe(false)
    store.heal()
    await clock.advance(50)
    expect(await sent).toBe(true)
    await other.set('a', 'old', { tags: ['t'] })
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(100)
    expect(await other.get('a')).toBeUndefined()
  })

  it('that comes while an earlier one is sent again is sent after it', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    await cache.set('a', 'old')
    store.fail()
    await cache.delete('a')
    store.heal()
    store.delay(150, { ops: ['delete'], times: 1 })
    await clock.advance(100)
    store.fail()
    expect(await cache.delete('a')).toBe(false)
    store.heal()
    await clock.advance(150)
    await other.set('a', 'old again')
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(1_000)
    expect(fates(trace)).toEqual(['queued delete key a', 'delivered delete key a'])
    expect(await other.get('a')).toBeUndefined()
  })
})
