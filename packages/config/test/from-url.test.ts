import type { Cache } from '@lookaside/core'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { fromUrl } from '../src/index.js'

async function opened(url: string | URL, options: Parameters<typeof fromUrl>[1] = {}): Promise<Cache> {
  const cache = await fromUrl(url, options)
  onTestFinished(() => cache.close())
  return cache
}

const refusal = (url: unknown) =>
  fromUrl(url as string).then(
    () => 'takes it',
    (error: Error & { code: string }) => `${error.code}: ${error.message}`,
  )

describe('fromUrl', () => {
  it.each([
    ['memory:', 'local'],
    ['memory://', 'local'],
    ['MEMORY:', 'local'],
    ['memory:?maxEntries=10', 'local'],
    [inject('redisUrl'), 'remote'],
    [inject('redisUrl').replace('redis:', 'REDIS:'), 'remote'],
    [`${inject('redisUrl')}/1`, 'remote'],
    [`memcached://${inject('memcachedServers')}`, 'remote'],
  ])('opens a cache over %s', async (url, tier) => {
    const cache = await opened(url, { prefix: 'from-url', storeTimeout: '5s' })
    await cache.ready()
    await cache.delete('a')
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    expect(await cache.get('a')).toBe('loaded')
    expect(cache.stats().hits).toEqual({ local: 0, remote: 0, [tier]: 1 })
    await cache.delete('a')
  })

  it('keeps as many entries as the URL says', async () => {
    const cache = await opened('memory:?maxEntries=2')
    for (const key of ['a', 'b', 'c']) await cache.set(key, key)
    expect([...(await cache.getMany(['a', 'b', 'c'])).keys()]).toEqual(['b', 'c'])
  })

  it('hands its options on to createCache', async () => {
    const cache = await opened('memory:', { prefix: 'shop', negativeTtl: 0 })
    expect(cache.path).toBe('shop')
    expect(await cache.set('a', null)).toBe(false)
  })

  it('guards against stampedes as a matter of course', async () => {
    const cache = await opened('memory:', { softTimeout: '10ms', beta: 2 })
    let loads = 0
    const crowd = Array.from({ length: 10 }, () => cache.getOrSet('a', async () => ++loads))
    expect(await Promise.all(crowd)).toEqual(Array(10).fill(1))
  })

  it('lets every caller load for itself where the guard is false, which takes the options of the usual one', async () => {
    const cache = await opened('memory:', { guard: false, softTimeout: '10ms', beta: 2 })
    let loads = 0
    const crowd = Array.from({ length: 10 }, () => cache.getOrSet('a', async () => ++loads))
    await Promise.all(crowd)
    expect(loads).toBe(10)
  })

  it.each([
    [{ betta: 1 }, {}, "unknown option 'betta' of fromUrl; did you mean 'beta'?"],
    [{ beta: -1 }, {}, 'beta must be a number from 0, 1 being the published optimum; received -1'],
    [{ guard: 'none' }, {}, "guard must have the method run; received 'none'"],
  ])('refuses %o', async (options, more, message) => {
    await expect(fromUrl('memory:', { ...more, ...(options as object) })).rejects.toThrow(message)
  })

  it('opens rediss:// by TLS, which a plain server does not answer', async () => {
    const cache = await opened(inject('redisUrl').replace('redis:', 'rediss:'))
    await expect(cache.ready({ timeout: 500 })).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
  })

  it('resolves though the server can not be reached; ready tells', async () => {
    const cache = await opened('redis://127.0.0.1:1')
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    await expect(cache.ready()).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
  })

  it.each(['memory:', inject('redisUrl'), `memcached://${inject('memcachedServers')}`])(
    'refuses bad options over %s, and leaves no connection open',
    async url => {
      const before = process.getActiveResourcesInfo().filter(type => type === 'TCPSocketWrap').length
      await expect(fromUrl(url, { tll: 5 } as never)).rejects.toThrow(
        "unknown option 'tll' of fromUrl; did you mean 'ttl'",
      )
      await expect
        .poll(() => process.getActiveResourcesInfo().filter(type => type === 'TCPSocketWrap').length)
        .toBeLessThanOrEqual(before)
    },
  )

  it('refuses an unknown scheme, and names those it knows', async () => {
    expect(await refusal('http://localhost')).toMatchInlineSnapshot(
      `"ERR_CACHE_URL: a cache URL has one of the forms memory:, redis://user:password@host:6379/0, rediss://user:password@host:6379/0, memcached://host1:11211,host2:11211, none:; received the scheme 'http:'"`,
    )
    expect(await refusal('localhost:6379')).toMatchInlineSnapshot(
      `"ERR_CACHE_URL: a cache URL has one of the forms memory:, redis://user:password@host:6379/0, rediss://user:password@host:6379/0, memcached://host1:11211,host2:11211, none:; received the scheme 'localhost:'; did you mean redis://localhost:6379?"`,
    )
    expect(await refusal('constructor:')).toMatchInlineSnapshot(
      `"ERR_CACHE_URL: a cache URL has one of the forms memory:, redis://user:password@host:6379/0, rediss://user:password@host:6379/0, memcached://host1:11211,host2:11211, none:; received the scheme 'constructor:'"`,
    )
  })

  it('guesses the scheme that was meant', async () => {
    for (const [url, meant] of [
      ['redsi://x', 'redis://host:6379'],
      ['redis', 'redis://host:6379'],
      ['redisss://x', 'rediss://host:6379'],
      ['Memcache://x', 'memcached://host:11211'],
      ['non:', 'none:'],
      ['memory', 'memory:'],
      ['127.0.0.1:6380', 'redis://127.0.0.1:6380'],
      ['cache.internal:11211', 'memcached://cache.internal:11211'],
    ]) {
      expect(await refusal(url)).toMatch(new RegExp(`; did you mean ${meant}\\?$`))
    }
    for (const url of ['https://x', 'constructor:', 'user:hunter2@host:6379']) {
      expect(await refusal(url)).not.toContain('did you mean')
    }
  })

  it('takes a URL object', async () => {
    const cache = await opened(new URL('memory:?maxEntries=1'))
    await cache.setMany([
      ['a', 1],
      ['b', 1],
    ])
    expect(await cache.has('a')).toBe(false)
  })

  it('refuses options that are none of its own', async () => {
    const refused = (options: unknown) => fromUrl('memory:', options as never).catch(String)
    expect(await refused('5m')).toContain("fromUrl takes its options as an object; received '5m'")
    expect(await refused({ store: {} })).toMatch(
      /unknown option 'store' of fromUrl\. Known: guard, namespaces, prefix, /,
    )
    expect(await refused({ ttll: 1 })).not.toContain('store,')
  })

  it('refuses what is no URL', async () => {
    expect(await refusal('')).toMatchInlineSnapshot(
      `"ERR_CACHE_URL: a cache URL has one of the forms memory:, redis://user:password@host:6379/0, rediss://user:password@host:6379/0, memcached://host1:11211,host2:11211, none:; received ''"`,
    )
    expect(await refusal('redis')).toMatchInlineSnapshot(
      `"ERR_CACHE_URL: a cache URL has one of the forms memory:, redis://user:password@host:6379/0, rediss://user:password@host:6379/0, memcached://host1:11211,host2:11211, none:; received 'redis'; did you mean redis://host:6379?"`,
    )
    expect(await refusal(undefined)).toMatchInlineSnapshot(
      `"ERR_CACHE_URL: a cache URL has one of the forms memory:, redis://user:password@host:6379/0, rediss://user:password@host:6379/0, memcached://host1:11211,host2:11211, none:; received undefined"`,
    )
    expect(await refusal({ url: 'memory:' })).toMatchInlineSnapshot(
      `"ERR_CACHE_URL: a cache URL has one of the forms memory:, redis://user:password@host:6379/0, rediss://user:password@host:6379/0, memcached://host1:11211,host2:11211, none:; received { url: 'memory:' }"`,
    )
  })

  it('refuses a memory: URL with anything but maxEntries', async () => {
    for (const url of [
      'memory:?maxEntires=5',
      'memory:?maxEntries=none',
      'memory:?maxEntries=0',
      'memory:?maxEntries=1.5',
      'memory:?maxEntries=16777217',
      'memory:?maxEntries=1&maxEntries=2',
      'memory://localhost',
    ]) {
      expect(await refusal(url)).toBe(
        `ERR_CACHE_URL: expected memory: or memory:?maxEntries=10000, an integer from 1 to 16777216; received '${url}'`,
      )
    }
  })

  it('refuses a none: URL with anything more', async () => {
    for (const url of ['none:?why=1', 'none://host', 'none:x']) {
      expect(await refusal(url)).toBe(`ERR_CACHE_URL: expected none:; received '${url}'`)
    }
    for (const url of ['none:', 'none://', ' NONE: ']) expect(await refusal(url)).toBe('takes it')
  })

  it.each([
    'http://user:hunter2@host',
    'redis://user:hunter2@host:99999',
    'redis://user:hunter2@host/x',
    'redis://user:hunter2@host?x=1',
    'rediss://user:hunt%er2@host',
    'memcached://user:hunter2@host:99999',
    'memcached://user:hunter2@host:11211?x=1',
    'memory://user:hunter2@host',
    'memory:user:hunter2@host',
    'none://user:hunter2@host',
    'none:hunter2@host',
    '//user:hunter2@host',
    ' redis://user:hunter2@host',
    new URL('http://user:hunter2@host'),
    new URL('redis://user:hunter2@host/x'),
    { url: new URL('redis://user:hunter2@host') },
  ])('shows nothing of the password of %s', async url => {
    const message = await refusal(url)
    expect(message).toMatch(/^ERR_CACHE_URL: /)
    expect(message).not.toMatch(/hunt/)
  })

  it('shows nothing of the password when the server can not be reached', async () => {
    for (const url of ['redis://user:hunter2@127.0.0.1:1', 'memcached://user:hunter2@127.0.0.1:1']) {
      const cache = await opened(url)
      const told: unknown[] = []
      cache.on(event => told.push(event.type === 'store-error' ? [event.store, String(event.error)] : ''))
      await cache.get('a')
      told.push(await cache.ready().catch(String))
      expect(told.length).toBeGreaterThan(1)
      expect(JSON.stringify(told)).not.toContain('hunter2')
    }
  })
})
