import { describe, expect, it } from 'vitest'
import { openFleet } from '../fleet.js'

const NO_COUNTER = { code: 'ERR_CACHE_COUNTER' }

describe('A counter behind a local tier', () => {
  it('is never copied there: every read sees what others count', async () => {
    const fleet = openFleet()
    const { cache, local } = await fleet.member()
    const other = fleet.plain()
    for (const key of ['a', 'x'.repeat(300)]) {
      expect(await cache.increment(key, 5)).toBe(5)
      expect(await cache.get(key)).toBe(5)
      expect(await cache.getMany([key])).toEqual(new Map([[key, 5]]))
      expect(await cache.getOrSet(key, () => 'loaded')).toBe(5)
      expect((await cache.lookup(key)).state).toBe('fresh')
      expect(cache.peek(key)).toBeUndefined()
      expect(local.size).toBe(0)
      expect(await other.increment(key)).toBe(6)
      expect(await cache.get(key)).toBe(6)
      expect(await cache.getOrSet(key, () => 'loaded')).toBe(6)
    }
  })

  it('is counted in the remote tier, whatever the local one still has of a value that was there', async () => {
    const fleet = openFleet()
    const { cache } = fleet.lone()
    await cache.set('a', 'value')
    expect(cache.peek('a')).toBe('value')
    // Nobody tells this process of it.
    await fleet.plain().delete('a')
    expect(await cache.increment('a')).toBe(1)
    expect(cache.peek('a')).toBeUndefined()
    expect(await cache.getOrSet('a', () => 'loaded')).toBe(1)
  })

  it('drops copies of the old value in other processes too', async () => {
    const fleet = openFleet()
    const [here, elsewhere] = [await fleet.member(), await fleet.member()]
    for (const key of ['a', 'with spaces', 'x'.repeat(300)]) {
      await fleet.plain().set(key, 'value')
      expect(await elsewhere.cache.get(key)).toBe('value')
      // As a program without a bus would.
      await fleet.plain().delete(key)
      expect(elsewhere.cache.peek(key)).toBe('value')
      expect(await here.cache.increment(key)).toBe(1)
      await fleet.settle()
      expect(elsewhere.cache.peek(key)).toBeUndefined()
      expect(await elsewhere.cache.getOrSet(key, () => 'loaded')).toBe(1)
    }
  })

  it('drops them where the server tells of changes, without a message of its own', async () => {
    const fleet = openFleet()
    const [here, elsewhere] = [await fleet.observer(), await fleet.observer()]
    await here.cache.set('a', 'value', { tags: ['t'] })
    await elsewhere.cache.get('a')
    await here.cache.deleteTags(['t'])
    expect(await here.cache.increment('a', 3)).toBe(3)
    await fleet.settle()
    expect(elsewhere.cache.peek('a')).toBeUndefined()
    expect(await elsewhere.cache.get('a')).toBe(3)
  })

  it('is refused over a value, which stays where it was read from: here and elsewhere', async () => {
    const fleet = openFleet()
    const [here, elsewhere] = [await fleet.member(), await fleet.member()]
    await here.cache.set('a', 'value')
    await fleet.settle()
    await elsewhere.cache.get('a')
    await expect(here.cache.increment('a')).rejects.toMatchObject(NO_COUNTER)
    await fleet.settle()
    expect(elsewhere.cache.peek('a')).toBe('value')
    expect(await here.cache.get('a')).toBe('value')
  })

  it('makes no copy of a value that was read before and arrives after', async () => {
    const fleet = openFleet()
    const { cache, store } = await fleet.member()
    const other = fleet.plain()
    await other.set('a', 'value')
    store.drop({ ops: ['get'], times: 1 })
    const reading = cache.get('a')
    await other.delete('a')
    await cache.increment('a')
    await fleet.clock.advance(1_000)
    await reading
    expect(cache.peek('a')).toBeUndefined()
    expect(await cache.get('a')).toBe(1)
  })

  it('gives way to a value that is set, and that is copied again', async () => {
    const fleet = openFleet()
    const [here, elsewhere] = [await fleet.member(), await fleet.member()]
    await here.cache.increment('a')
    expect(await here.cache.set('a', 'value')).toBe(true)
    expect(here.cache.peek('a')).toBe('value')
    await fleet.settle()
    expect(await elsewhere.cache.get('a')).toBe('value')
    expect(elsewhere.cache.peek('a')).toBe('value')
  })

  it.each(['delete', 'expire'] as const)('is gone everywhere after a %s', async how => {
    const fleet = openFleet({ grace: '1h' })
    const [here, elsewhere] = [await fleet.member(), await fleet.member()]
    await here.cache.increment('a')
    await elsewhere.cache.get('a')
    await here.cache[how]('a')
    expect(await elsewhere.cache.get('a')).toBeUndefined()
    expect(await elsewhere.cache.increment('a')).toBe(1)
  })

  it('lives by the clock of the remote tier', async () => {
    const fleet = openFleet()
    const { cache } = await fleet.member()
    await cache.increment('a', 1, { ttl: '1m' })
    await fleet.clock.advance(59_999)
    expect(await cache.get('a')).toBe(1)
    await fleet.clock.advance(1)
    expect(await cache.get('a')).toBeUndefined()
  })
})
