import type { Cache, SetOptions } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { backends, newPrefix, openCache, redis, remoteBackends } from '../backends.js'
import { cutOff } from './cut-off.js'
import { observedCache } from './observed-cache.js'

/** The steps of `update`, by hand: again and again until nobody else has come in between. */
async function byHand(cache: Cache, key: string, change: (n: number) => number, options: SetOptions = {}) {
  while (true) {
    const found = await cache.lookup<number>(key)
    const current = found.state === 'fresh' ? found.value : 0
    if (await cache.set(key, change(current), { ...options, ifVersion: found.version })) return
  }
}

describe.each(backends)('lookup and set with ifVersion, again until it holds, on $name', backend => {
  it('lose none of many changes at once', async () => {
    const cache = openCache(backend)
    await Promise.all(Array.from({ length: 30 }, () => byHand(cache, 'a', n => n + 1)))
    expect(await cache.get('a')).toBe(30)
  })

  it('go well with updates and with each other', async () => {
    const cache = openCache(backend)
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        index % 2 === 0 ? byHand(cache, 'a', n => n + 1) : cache.update<number>('a', (n = 0) => n + 1),
      ),
    )
    expect(await cache.get('a')).toBe(20)
  })

  it('keep the tags that they are given', async () => {
    const { cache } = observedCache(backend)
    await byHand(cache, 'a', n => n + 1, { tags: ['t'] })
    await byHand(cache, 'a', n => n + 1, { tags: ['t'] })
    expect(await cache.get('a', { tags: ['t'] })).toBe(2)
    await cache.deleteTags(['t'])
    expect(await cache.get('a')).toBeUndefined()
  })

  it('change a counter into a value, unless somebody counts on', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 5)
    const { version } = await cache.lookup('a')
    await cache.increment('a')
    expect(await cache.set('a', 0, { ifVersion: version })).toBe(false)
    await byHand(cache, 'a', n => n + 1)
    expect(await cache.get('a')).toBe(7)
  })

  it('store nothing over what an update has written, and the reverse', async () => {
    const { cache } = observedCache(backend)
    const { version } = await cache.lookup('a')
    await cache.update('a', () => 1)
    expect(await cache.set('a', 2, { ifVersion: version })).toBe(false)
    const seen: unknown[] = []
    const clock = openCache(backend)
    await clock.set('a', 1)
    await clock.update<number>('a', async n => {
      seen.push(n)
      if (seen.length === 1) await byHand(clock, 'a', m => m + 10)
      return (n ?? 0) + 1
    })
    expect(seen).toEqual([1, 11])
    expect(await clock.get('a')).toBe(12)
  })

  it('take a version once: the write that it allowed has made another', async () => {
    const { cache } = observedCache(backend)
    const { version } = await cache.lookup('a')
    expect(await cache.set('a', 1, { ifVersion: version })).toBe(true)
    expect(await cache.set('a', 2, { ifVersion: version })).toBe(false)
    expect(await cache.get('a')).toBe(1)
  })

  it('find the place of a load taken, and win over it', async () => {
    const { cache } = observedCache(backend)
    const loaded = await cache.getOrSet('a', async () => {
      const { version } = await cache.lookup('a')
      expect(await cache.set('a', 'written', { ifVersion: version })).toBe(true)
      return 'loaded'
    })
    expect(loaded).toBe('loaded')
    expect(await cache.get('a')).toBe('written')
  })
})

describe.each(remoteBackends)('A version of $name', backend => {
  it('holds against writes of other processes', async () => {
    const prefix = newPrefix()
    const [here, there] = [openCache(backend, { prefix }), openCache(backend, { prefix })]
    await here.set('a', 1)
    const { version } = await here.lookup('a')
    await there.set('a', 1)
    expect(await here.set('a', 2, { ifVersion: version })).toBe(false)
    await Promise.all(
      [here, there].flatMap(cache => Array.from({ length: 15 }, () => byHand(cache, 'a', n => n + 1))),
    )
    expect(await there.get('a')).toBe(31)
  })
})

describe.each(backends)('A version of a counter on $name', backend => {
  it(`is ${backend === redis ? 'what it counts' : 'another after each count, though it be the same number'}`, async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 2n ** 60n)
    const { version } = await cache.lookup('a')
    await cache.increment('a', 1n)
    expect(await cache.set('a', 0, { ifVersion: version })).toBe(false)
    await cache.increment('a', -1n)
    expect(await cache.set('a', 0, { ifVersion: version })).toBe(backend === redis)
  })
})

describe('A conditional set on a store that does not answer', () => {
  it('resolves to false, and the key is not believed until the store has been told', async () => {
    const { cache, store, clock } = cutOff()
    await cache.set('a', 1)
    const { version } = await cache.lookup('a')
    store.fail()
    expect(await cache.set('a', 2, { ifVersion: version })).toBe(false)
    store.heal()
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(1_000)
    await byHand(cache, 'a', n => n + 1)
    expect(await cache.get('a')).toBe(1)
  })
})
