import { type Cache, createCache } from '@lookaside/core'
import { redisStore } from '@lookaside/redis'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { type CacheConfig, fromEnv, fromUrl } from '../src/index.js'
import { countedRedis } from './connections.js'
import { closedLater, opened, openedAll } from './opened.js'

const redisUrl = inject('redisUrl')
const memcachedUrl = `memcached://${inject('memcachedServers')}`

const OFF: readonly [name: string, open: (settings: object) => Promise<Cache>][] = [
  ['type none', settings => opened({ type: 'none', ...settings })],
  ['url none:', settings => opened({ url: 'none:', ...settings })],
  ['none: of fromUrl', async settings => closedLater(await fromUrl('none:', settings))],
  [
    'none: in the environment',
    async settings => closedLater(await fromEnv(settings, { CACHE_URL: 'none:' })),
  ],
  ['lru, not enabled', settings => opened({ type: 'lru', enabled: false, ...settings })],
  [
    'redis, not enabled',
    settings => opened({ url: redisUrl, enabled: false, storeTimeout: '5s', ...settings }),
  ],
  [
    'memcached, not enabled',
    settings => opened({ url: memcachedUrl, enabled: false, storeTimeout: '5s', ...settings }),
  ],
  [
    'tiers, not enabled',
    settings =>
      opened({
        type: 'tiered',
        remote: redisUrl,
        maxLocalStaleness: '1m',
        enabled: false,
        storeTimeout: '5s',
        ...settings,
      } as CacheConfig),
  ],
]

describe.each(OFF)('With %s', (name, open) => {
  const prefix = `off-${name.replaceAll(/\W/g, '-')}`

  it('every call loads, however many come at once', async () => {
    const cache = await open({ prefix })
    let loads = 0
    const crowd = Array.from({ length: 100 }, () =>
      cache.getOrSet('key', async () => {
        await new Promise(setImmediate)
        return ++loads
      }),
    )
    const values = await Promise.all(crowd)
    expect(loads).toBe(100)
    expect(new Set(values).size).toBe(100)
    expect(await cache.getOrSet('key', () => ++loads)).toBe(101)
  })

  it('nothing is kept, and nothing fails', async () => {
    const cache = await open({ prefix, ttl: '1h', grace: '1d' })
    const events: string[] = []
    cache.on(event => events.push(event.type))
    await cache.ready()
    expect(await cache.set('key', 1)).toBe(true)
    expect(await cache.setMany([['a', 1]])).toBe(true)
    expect(cache.peek('key')).toBeUndefined()
    expect(await cache.get('key')).toBeUndefined()
    expect(await cache.has('key')).toBe(false)
    expect((await cache.getMany(['key', 'a'])).size).toBe(0)
    expect(await cache.update('key', (now: number | undefined) => (now ?? 0) + 1)).toBe(1)
    expect(await cache.update('key', (now: number | undefined) => (now ?? 0) + 1)).toBe(1)
    expect(
      await cache.getOrSetMany(['x', 'y'], {
        key: item => item,
        load: items => items.map(item => `${item}!`),
      }),
    ).toEqual(['x!', 'y!'])
    const tagged = { tags: ['t'] }
    expect(await cache.getOrSet('key', () => 'v', tagged)).toBe('v')
    expect(await cache.getOrSet('key', () => 'w', { tags: value => [String(value)] })).toBe('w')
    expect(await cache.invalidateTags(['t'])).toBe(true)
    expect(await cache.expireTags(['t'])).toBe(true)
    for (const change of [
      cache.delete('key'),
      cache.deleteMany(['a', 'b']),
      cache.expire('key'),
      cache.clear(),
    ])
      expect(await change).toBe(true)
    expect(await cache.invalidateAfter(() => 'written', { keys: ['key'] })).toBe('written')
    const users = cache.namespace('users', { ttl: '1m' })
    expect([await users.getOrSet('1', () => 1), await users.getOrSet('1', () => 2)]).toEqual([1, 2])
    let calls = 0
    const wrapped = cache.wrap(async (id: number) => id + ++calls, { key: id => `w${id}` })
    expect([await wrapped(10), await wrapped(10)]).toEqual([11, 12])
    expect(events.filter(type => type.endsWith('error') || type === 'hit')).toEqual([])
  })

  it('the options of calls are the same', async () => {
    const cache = await open({ prefix, softTimeout: '1s', beta: 2 })
    expect(await cache.getOrSet('key', () => 1, { softTimeout: '10ms', beta: 1, hardTimeout: '5s' })).toBe(1)
    await expect(cache.getOrSet('key', () => 1, { betta: 1 } as never)).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
    })
    const failure = new Error('of the loader')
    await expect(cache.getOrSet('key', () => Promise.reject(failure))).rejects.toBe(failure)
    // Nobody is refused a load for the failure of another.
    expect(await cache.getOrSet('key', () => 2)).toBe(2)
  })

  it('loads are limited all the same', async () => {
    const cache = await open({ prefix, guard: { limitLoads: { concurrency: 2 } } })
    let now = 0
    let most = 0
    const load = async () => {
      most = Math.max(most, ++now)
      await new Promise(setImmediate)
      now--
      return 1
    }
    await Promise.all(Array.from({ length: 20 }, (_, index) => cache.getOrSet(`key${index % 3}`, load)))
    expect(most).toBe(2)
  })

  it('counters count', async () => {
    const cache = await open({ prefix })
    expect(await cache.increment(`n${Math.random()}`, 2)).toBe(2)
  })
})

describe('A cache over a server that is not enabled', () => {
  it.each([
    ['redis', redisUrl],
    ['memcached', memcachedUrl],
  ])('invalidates what others have stored in %s, and stores nothing', async (_, url) => {
    const settings = {
      url,
      prefix: `off-beside-${Math.random()}`.replace('0.', ''),
      storeTimeout: '5s',
    } as const
    const on = await opened(settings)
    const off = await opened({ ...settings, enabled: false })
    await on.ready()
    await on.set('deleted', 1)
    await on.set('written', 1)
    await on.set('kept', 1)
    await off.delete('deleted')
    await off.set('written', 2)
    await off.getOrSet('loaded', () => 1)
    await off.getOrSet('kept', () => 2)
    expect([...(await on.getMany(['deleted', 'written', 'loaded', 'kept']))]).toEqual([['kept', 1]])
  })
})

it('A cache in memory that is not enabled opens no store, and none: connects to nothing', async () => {
  const redis = await countedRedis()
  const { a, b, c } = await openedAll({
    url: redis.url,
    bus: { url: redis.url },
    caches: { a: 'none:', b: { type: 'none' }, c: { type: 'lru', enabled: false, bus: false } },
  })
  for (const cache of [a, b, c]) expect(await cache.getOrSet('key', () => 1)).toBe(1)
  await expect.poll(() => redis.connections()).toBe(0)
})

it('Turning a cache off changes no key: what others stored is there when it is on again', async () => {
  const prefix = `off-again-${Date.now()}`
  const store = redisStore(redisUrl)
  const plain = createCache({ store, prefix, storeTimeout: '5s' })
  onTestFinished(() => plain.close())
  await plain.ready()
  await plain.set('key', 1)
  const off = await opened({ url: redisUrl, prefix, enabled: false, storeTimeout: '5s' })
  expect(await off.getOrSet('key', () => 2)).toBe(2)
  const on = await opened({ url: redisUrl, prefix, storeTimeout: '5s' })
  expect(await on.getOrSet('key', () => 3)).toBe(1)
})
