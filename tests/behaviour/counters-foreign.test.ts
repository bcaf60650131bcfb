import { describe, expect, it } from 'vitest'
import { backends } from '../backends.js'
import { observedCache } from './observed-cache.js'
import { type PlainClient, plainClients } from './plain-clients.js'

const NO_COUNTER = { code: 'ERR_CACHE_COUNTER' }

/** What other programs may have left, what a read makes of it, and what one more is; `undefined` where that is refused. */
const bytes: [text: string, read: unknown, counted: bigint | undefined][] = [
  ['0', 0, 1n],
  ['7', 7, 8n],
  ['9007199254740991', 9_007_199_254_740_991, 9_007_199_254_740_992n],
  ['9007199254740993', 9_007_199_254_740_993n, 9_007_199_254_740_994n],
  ['9223372036854775806', 9_223_372_036_854_775_806n, 9_223_372_036_854_775_807n],
  ['9223372036854775807', 9_223_372_036_854_775_807n, undefined],
  ['9223372036854775808', 9_223_372_036_854_775_808n, undefined],
  ['18446744073709551615', 18_446_744_073_709_551_615n, undefined],
  ['99999999999999999999', 99_999_999_999_999_999_999n, undefined],
  ['007', 7, undefined],
  ['00', 0, undefined],
  ['100000000000000000000', undefined, undefined],
  ['000000000000000000007', undefined, undefined],
  ['', undefined, undefined],
  [' 1', undefined, undefined],
  ['1\n', undefined, undefined],
  ['1\0', undefined, undefined],
  ['-1', undefined, undefined],
  ['+1', undefined, undefined],
  ['1.5', undefined, undefined],
  ['1e3', undefined, undefined],
  ['0x10', undefined, undefined],
  ['1_000', undefined, undefined],
  ['5 apples', undefined, undefined],
  ['٣', undefined, undefined],
  ['"7"', undefined, undefined],
  ['NaN', undefined, undefined],
]

describe.each(plainClients())('Bytes that another program wrote to $backend.name', client => {
  const { backend, read, write } = client
  const opened = () => {
    const observed = observedCache(backend, { store: client.openStore() })
    return { ...observed, wire: (key: string) => `${observed.cache.path}::${key}` }
  }

  it.each(bytes)('%j is read as %s, and one more is %s', async (text, value, counted) => {
    const { cache, wire } = opened()
    await write(wire('a'), Buffer.from(text))
    expect(await cache.get('a')).toBe(value)
    expect(await cache.has('a')).toBe(value !== undefined)
    expect(await cache.getMany(['a'])).toEqual(new Map(value === undefined ? [] : [['a', value]]))
    expect((await cache.lookup('a')).state).toBe(value === undefined ? 'miss' : 'fresh')
    if (counted === undefined) {
      await expect(cache.increment('a', 1n)).rejects.toMatchObject(NO_COUNTER)
      expect((await read(wire('a')))?.toString()).toBe(text)
    } else {
      expect(await cache.increment('a', 1n)).toBe(counted)
      expect((await read(wire('a')))?.toString()).toBe(`${counted}`)
    }
    expect(await cache.getOrSet('a', () => 'loaded')).toBe(
      counted === undefined ? (value ?? 'loaded') : await cache.get('a'),
    )
  })

  it('tell a miss for a reason, unless they are digits', async () => {
    const { cache, wire, trace } = opened()
    await write(wire('a'), Buffer.from('12;'))
    await write(wire('b'), Buffer.from('12'))
    await cache.get('a')
    await cache.get('b')
    expect(trace.lines('key', 'reason')).toEqual(['unusable key=a reason=foreign', 'miss key=a', 'hit key=b'])
  })

  it('are plain digits where this cache counts, at each step', async () => {
    const { cache, wire } = opened()
    const seen: string[] = []
    for (const by of [9, 1, 90, -1, -90, -9, 2 ** 32, -1]) {
      await cache.increment('a', by)
      seen.push(`${await read(wire('a'))}`)
    }
    expect(seen).toEqual(['9', '10', '100', '99', '9', '0', '4294967296', '4294967295'])
  })
})

describe('Digits with a space behind them', () => {
  const [redisClient, memcachedClient] = plainClients() as [PlainClient, PlainClient]

  it('are no counter on redis', async () => {
    const { cache } = observedCache(redisClient.backend, { store: redisClient.openStore() })
    await redisClient.write(`${cache.path}::a`, Buffer.from('12 '))
    expect(await cache.get('a')).toBeUndefined()
    await expect(cache.increment('a')).rejects.toMatchObject(NO_COUNTER)
  })

  it('are one on memcached, which leaves spaces where a program has counted down', async () => {
    const { cache } = observedCache(memcachedClient.backend, { store: memcachedClient.openStore() })
    await memcachedClient.write(`${cache.path}::a`, Buffer.from('12 '))
    expect(await cache.get('a')).toBe(12)
    expect(await cache.increment('a')).toBe(13)
  })
})

describe.each(backends)('A cache of plain text on $name', backend => {
  it('reads counters as their digits', async () => {
    const { cache } = observedCache(backend, { codec: 'raw' })
    expect(await cache.increment('a', 42)).toBe(42)
    expect(await cache.get('a')).toBe('42')
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('42')
  })

  it.each(bytes)(
    'that has stored %j: one more is counted as over the bytes of others',
    async (text, _, counted) => {
      const { cache } = observedCache(backend, { codec: 'raw' })
      expect(await cache.set('a', text)).toBe(true)
      if (counted === undefined) {
        await expect(cache.increment('a', 1n)).rejects.toMatchObject(NO_COUNTER)
        expect(await cache.get('a')).toBe(text)
      } else {
        expect(await cache.increment('a', 1n)).toBe(counted)
        expect(await cache.get('a')).toBe(`${counted}`)
      }
    },
  )

  it('keeps the time of digits that were set', async () => {
    const { cache, clock } = observedCache(backend, { codec: 'raw' })
    await cache.set('a', '41', { ttl: '1m' })
    expect(await cache.increment('a', 1, { ttl: '1h' })).toBe(42)
    await clock.advance(59_999)
    expect(await cache.get('a')).toBe('42')
    // Real servers go by their own clocks.
    if (backend.name === 'redis' || backend.name === 'memcached') return
    await clock.advance(1)
    expect(await cache.get('a')).toBeUndefined()
  })
})
