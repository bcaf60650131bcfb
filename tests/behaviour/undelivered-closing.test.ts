import { describe, expect, it } from 'vitest'
import { cutOff, fates } from './cut-off.js'
import { settled } from './settled.js'

describe('close() with undelivered invalidations', () => {
  it('sends them once more', async () => {
    const { cache, store, other, trace, clock } = cutOff()
    await other.set('a', 'old')
    await other.set('b', 'old', { tags: ['t'] })
    store.fail()
    await cache.delete('a')
    await cache.deleteTags(['t'])
    store.heal()
    await cache.close()
    expect(fates(trace).slice(2)).toEqual(['delivered delete key a', 'delivered delete tag t'])
    expect(await other.getMany(['a', 'b'])).toEqual(new Map())
    expect(clock.pending).toBe(0)
  })

  it('reports what the store still does not take', async () => {
    const { cache, store, trace, clock } = cutOff()
    store.fail()
    await cache.delete('a')
    await cache.expireTags(['t'])
    await cache.namespace('users').clear()
    await cache.close()
    expect(fates(trace).slice(3)).toEqual([
      'dropped delete key a',
      'dropped expire tag t',
      `dropped clear prefix ${cache.path}:users`,
    ])
    expect(clock.pending).toBe(0)
  })

  it('sends again what was being sent and failed', async () => {
    const { cache, store, other, trace, clock } = cutOff()
    await other.set('a', 'old')
    store.fail()
    await cache.delete('a')
    store.heal()
    store.hang({ ops: ['delete'], times: 1 })
    await clock.advance(100)
    const closing = cache.close()
    await clock.advance(200)
    await closing
    expect(fates(trace)).toEqual(['queued delete key a', 'delivered delete key a'])
    expect(await other.get('a')).toBeUndefined()
  })

  it('sends what was queued while others were being sent', async () => {
    const { cache, store, other, trace, clock } = cutOff()
    await other.setMany(['a', 'b'].map(key => [key, 'old']))
    store.fail()
    await cache.delete('a')
    store.heal()
    store.hang({ ops: ['delete'], times: 1 })
    await clock.advance(100)
    store.fail(undefined, { ops: ['delete'], times: 1 })
    await cache.delete('b')
    const closing = cache.close()
    await clock.advance(200)
    await closing
    expect(await other.getMany(['a', 'b'])).toEqual(new Map())
    expect(fates(trace)).toHaveLength(4)
  })

  it('waits no longer than a few seconds for a store that hangs', async () => {
    const { cache, store, trace, clock } = cutOff()
    store.fail()
    await cache.namespace('users').clear()
    store.heal()
    store.hang()
    const closing = cache.close()
    const done = settled(closing)
    await clock.advance(4_900)
    expect(done()).toBe(false)
    await clock.advance(200)
    expect(done()).toBe(true)
    expect(fates(trace).at(-1)).toBe(`dropped clear prefix ${cache.path}:users`)
  })

  it('drops at once what is invalidated afterwards', async () => {
    const { cache, store, trace, clock } = cutOff()
    await cache.close()
    const before = clock.pending
    store.fail()
    expect(await cache.delete('a')).toBe(false)
    expect(fates(trace)).toEqual(['dropped delete key a'])
    expect(clock.pending).toBe(before)
  })

  it('leaves alone what another cache over the same store has in line', async () => {
    const { cache, store, clock, open, other } = cutOff()
    const neighbour = open({ store })
    await other.setMany(['a', 'b'].map(key => [key, 'old']))
    store.fail()
    await cache.delete('a')
    await neighbour.delete('b')
    await cache.close()
    store.heal()
    expect(await neighbour.get('b')).toBeUndefined()
    await clock.advance(1_000)
    expect(await other.get('b')).toBeUndefined()
  })
})

describe('Two caches over one store object', () => {
  it('are both kept from what one of them could not invalidate', async () => {
    const { cache, store, clock, open, other } = cutOff()
    const neighbour = open({ store })
    const tags = ['t']
    await other.set('a', 'old')
    await other.set('b', 'old', { tags })
    await other.namespace('n').set('c', 'old')
    store.fail()
    await cache.delete('a')
    await cache.deleteTags(tags)
    await cache.namespace('n').clear()
    store.heal()
    expect(await neighbour.getMany(['a', 'b'])).toEqual(new Map())
    expect(await neighbour.namespace('n').get('c')).toBeUndefined()
    expect(await neighbour.set('a', 'new')).toBe(true)
    expect(await cache.get('a')).toBe('new')
    await clock.advance(100)
    expect(await other.get('a')).toBe('new')
    expect(await other.get('b')).toBeUndefined()
    expect(await other.namespace('n').get('c')).toBeUndefined()
  })

  it('stay kept from it when the one that has made it is closed', async () => {
    const { cache, store, clock, open, other, trace } = cutOff()
    const neighbour = open({ store })
    await other.set('a', 'old')
    store.fail()
    await cache.delete('a')
    await cache.close()
    store.heal()
    expect(await neighbour.get('a')).toBeUndefined()
    expect(fates(trace)).toEqual(['queued delete key a'])
    await clock.advance(1_000)
    expect(fates(trace)).toEqual(['queued delete key a', 'delivered delete key a'])
    expect(await other.get('a')).toBeUndefined()
  })
})
