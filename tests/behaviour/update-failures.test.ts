import { type Cache, createCache, type RemoteStore } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openFleet } from '../fleet.js'
import { type Server, startMemcached, startRedis } from '../servers/index.js'
import { cutOff, fates } from './cut-off.js'
import { faultyCache } from './faulty-cache.js'

const add = (cache: Cache, key = 'a') => cache.update<number>(key, (n = 0) => n + 1)

describe('An update on a store that fails', () => {
  it('does not ask for the next value where the store does not tell the current one', async () => {
    const { cache, store, trace } = faultyCache()
    await cache.set('a', 1)
    trace.events.length = 0
    store.fail()
    const change = vi.fn(() => 2)
    await expect(cache.update('a', change)).rejects.toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: "'a' can't be changed in memory: it does not answer; try again later",
    })
    expect(change).not.toHaveBeenCalled()
    expect(trace.types()).toEqual(['store-error'])
    store.heal()
    expect(await add(cache)).toBe(2)
  })

  it.each<[string, number | undefined]>([
    ['replace', 1],
    ['add', undefined],
  ] as const)('rejects with what the client threw at %s', async (operation, old) => {
    const { cache, store } = faultyCache()
    if (old !== undefined) await cache.set('a', old)
    const cause = new Error('connection reset')
    store.fail(cause, operation as 'add')
    await expect(add(cache)).rejects.toMatchObject({ code: 'ERR_CACHE_STORE', cause })
    store.heal()
    expect(await cache.get('a')).toBe(old)
    expect(await add(cache)).toBe((old ?? 0) + 1)
  })

  it('rejects where the answer is lost, and may have stored its value', async () => {
    const { cache, store, clock } = faultyCache()
    await cache.set('a', 1)
    store.drop({ ops: ['replace'], times: 1 })
    const refused = expect(add(cache)).rejects.toMatchObject({ code: 'ERR_CACHE_TIMEOUT' })
    await clock.advance(200)
    await refused
    expect(await cache.get('a')).toBe(2)
    expect(await add(cache)).toBe(3)
  })

  it('rejects in one deadline where the store hangs, and at once while its breaker is open', async () => {
    const { cache, store, clock } = faultyCache({ breaker: { failures: 1 } })
    store.hang()
    const refused = expect(add(cache)).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    await clock.advance(200)
    await refused
    store.calls.length = 0
    await expect(add(cache)).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    expect(store.calls).toEqual([])
  })

  it('rejects where the tokens of its tags can not be had', async () => {
    const { cache, store } = faultyCache()
    await cache.set('a', 1)
    store.fail(undefined, { ops: ['add'] })
    await expect(cache.update('a', () => 2, { tags: ['new'] })).rejects.toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: expect.stringContaining('did not tell the tokens of its tags'),
    })
    store.heal()
    expect(await cache.get('a')).toBe(1)
  })

  it('with a ttl of 0 rejects where the store does not take the delete', async () => {
    const { cache, store } = faultyCache()
    await cache.set('a', 1)
    store.fail(undefined, 'delete')
    await expect(cache.update('a', () => 2, { ttl: 0 })).rejects.toMatchObject({ code: 'ERR_CACHE_STORE' })
    store.heal()
    expect(await cache.get('a')).toBe(1)
  })

  it('rejects once the cache is closed', async () => {
    const { cache } = faultyCache()
    await cache.close()
    await expect(add(cache)).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
  })
})

describe('An update of a key whose invalidation the store has not taken', () => {
  it('rejects without asking for a value, until it has; then it begins with nothing', async () => {
    const { cache, store, clock, trace } = cutOff()
    await cache.set('a', 41)
    store.fail()
    expect(await cache.delete('a')).toBe(false)
    store.heal()
    // The store answers again, as everybody can see.
    await cache.get('another')
    const change = vi.fn((n = 0) => n + 1)
    await expect(cache.update<number>('a', change)).rejects.toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: expect.stringContaining('has not taken an invalidation of the key yet'),
    })
    expect(change).not.toHaveBeenCalled()
    await clock.advance(100)
    expect(await cache.update<number>('a', change)).toBe(1)
    expect(fates(trace)).toEqual(['queued delete key a', 'delivered delete key a'])
  })

  it.each(['delete', 'expire', 'clear'] as const)(
    'stores nothing that was made of the old value: %s while it is being made',
    async how => {
      const { cache, store, clock, other } = cutOff()
      const row = cache.namespace('rows')
      await row.set('a', 'old')
      const refused = expect(
        row.update('a', async value => {
          store.fail()
          expect(await (how === 'clear' ? row.clear() : row[how]('a'))).toBe(false)
          store.heal()
          return `made of the ${value} one`
        }),
      ).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
      await clock.advance(50)
      await refused
      expect(await row.get('a')).toBeUndefined()
      await clock.advance(1_000)
      expect((await other.namespace('rows').lookup('a')).state).toBe('miss')
    },
  )

  it('with a ttl of 0 leaves the invalidation in line', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    await cache.set('a', 'old')
    const changing = cache.update(
      'a',
      async () => {
        store.fail()
        await cache.delete('a')
        store.heal()
        return 'new'
      },
      { ttl: 0 },
    )
    const ended = changing.catch(() => {})
    await clock.advance(1_000)
    await ended
    expect((await other.lookup('a')).state).toBe('miss')
    expect(fates(trace)).toEqual(['queued delete key a', 'delivered delete key a'])
  })
})

describe('An update behind a local tier', () => {
  it('goes by what the remote tier has, whatever is copied here', async () => {
    const fleet = openFleet()
    const { cache } = fleet.lone()
    await cache.set('a', 1)
    await fleet.plain().set('a', 10)
    expect(cache.peek('a')).toBe(1)
    expect(await add(cache)).toBe(11)
    expect(cache.peek('a')).toBe(11)
  })

  it('replaces the copies: its own, and those of others are dropped', async () => {
    const fleet = openFleet()
    const [here, elsewhere] = [await fleet.member(), await fleet.member()]
    await fleet.plain().set('a', 1)
    await elsewhere.cache.get('a')
    await here.cache.get('a')
    expect(await add(here.cache)).toBe(2)
    await fleet.settle()
    expect(here.cache.peek('a')).toBe(2)
    expect(elsewhere.cache.peek('a')).toBeUndefined()
    expect(await elsewhere.cache.get('a')).toBe(2)
  })

  it.each<[string, object]>([
    ['deletes, with a ttl of 0,', { ttl: 0 }],
    ['stores under another version', { version: 1 }],
  ])('that %s leaves no copy of the old value anywhere', async (_, options) => {
    const fleet = openFleet()
    const [here, elsewhere] = [await fleet.member(), await fleet.member()]
    await here.cache.set('a', 1)
    await fleet.settle()
    await elsewhere.cache.get('a')
    await here.cache.update('a', () => 2, options)
    await fleet.settle()
    expect(here.cache.peek('a')).toBeUndefined()
    expect(elsewhere.cache.peek('a')).toBeUndefined()
    expect(await here.cache.get('a')).toBeUndefined()
  })

  it.each(['fail', 'drop'] as const)('that gets no answer leaves no copy: %s', async fault => {
    const fleet = openFleet()
    const [here, elsewhere] = [await fleet.member(), await fleet.member()]
    await here.cache.set('a', 1)
    await fleet.settle()
    await elsewhere.cache.get('a')
    here.store[fault](...((fault === 'fail' ? [undefined, 'replace'] : ['replace']) as [never]))
    const refused = expect(add(here.cache)).rejects.toMatchObject({ code: /ERR_CACHE_(STORE|TIMEOUT)/ })
    await fleet.clock.advance(200)
    await refused.catch(() => {})
    here.store.heal()
    await fleet.settle()
    expect(here.cache.peek('a')).toBeUndefined()
    expect(elsewhere.cache.peek('a')).toBeUndefined()
    expect(await here.cache.get('a')).toBe(fault === 'drop' ? 2 : 1)
  })

  it('keeps no copy of a value that was deleted elsewhere while it was being stored', async () => {
    const fleet = openFleet()
    const [here, elsewhere] = [await fleet.member(), await fleet.member()]
    await here.cache.set('a', 1)
    here.store.drop({ ops: ['replace'], times: 1 })
    const updating = add(here.cache).catch(() => {})
    await fleet.settle()
    await elsewhere.cache.delete('a')
    await fleet.clock.advance(200)
    await updating
    expect(here.cache.peek('a')).toBeUndefined()
    expect(await here.cache.get('a')).toBeUndefined()
  })
})

describe('An update on a local store without room', () => {
  it('rejects where the value does not fit, and leaves the old one', async () => {
    const store = lruStore({ maxSize: 10, sizeOf: value => `${value}`.length })
    const cache = createCache({ store })
    onTestFinished(() => cache.close())
    await cache.set('a', 'old')
    await expect(cache.update('a', () => 'x'.repeat(50))).rejects.toMatchObject({
      code: 'ERR_CACHE_TOO_LARGE',
    })
    expect(await cache.get('a')).toBe('old')
  })
})

const kinds: { name: string; start: () => Promise<Server>; open: (address: string) => RemoteStore }[] = [
  { name: 'redis', start: startRedis, open: address => redisStore(`redis://${address}`) },
  { name: 'memcached', start: startMemcached, open: address => memcachedStore(`memcached://${address}`) },
]

describe.each(kinds)('An update on a $name', ({ start, open }) => {
  it.each(['killed', 'frozen'] as const)('that was %s rejects, and goes on when it is back', async what => {
    const server = await start()
    const cache = createCache({ store: open(server.address), breaker: { failures: 2, probeEvery: 50 } })
    onTestFinished(async () => {
      server.thaw()
      await cache.close()
      await server.stop()
    })
    const PATIENCE = { timeout: 15_000, interval: 50 }
    await expect.poll(() => add(cache).catch(() => 0), PATIENCE).toBeGreaterThan(0)
    if (what === 'killed') await server.kill()
    else server.freeze()
    for (let call = 0; call < 4; call++) {
      await expect(add(cache)).rejects.toMatchObject({
        code: expect.stringMatching(/^ERR_CACHE_(?:UNAVAILABLE|TIMEOUT|STORE)$/),
      })
    }
    if (what === 'killed') await server.restart()
    else server.thaw()
    await expect.poll(() => add(cache).catch(() => 0), PATIENCE).toBeGreaterThan(0)
  })
})
