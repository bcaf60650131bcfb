import { randomUUID } from 'node:crypto'
import type { CacheSettings } from '@lookaside/config'
import type { Cache } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { Redis } from 'ioredis'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { mustNotLoad, openMember, redis, servers } from './members.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Parts that would load by themselves are left out: here only time counts. */
const guard = { earlyRefresh: false, staleWhileRevalidate: false, backOff: false } as const

/** Settings of the lifetime, each of the old config or the new one. */
const LIFETIMES: readonly (readonly [name: string, settings: CacheSettings])[] = [
  ['ttl 1m', { ttl: '1m' }],
  ['ttl 1h', { ttl: '1h' }],
  ['ttl 1m, grace 1m', { ttl: '1m', grace: '1m' }],
  ['ttl 2m, jitter', { ttl: '2m', jitter: 0.5 }],
  ['ttl 0', { ttl: 0 }],
  ['negativeTtl 1m', { ttl: '1h', negativeTtl: '1m' }],
]
const STORING = LIFETIMES.filter(([, { ttl }]) => ttl !== 0)
const PAIRS = STORING.flatMap(old => LIFETIMES.filter(now => now !== old).map(now => [old, now] as const))

/** When a value of a cache goes stale and dies, as a cache sees it. */
async function lifetimeOf(
  cache: Cache,
  key: string,
): Promise<{ readonly stale: number; readonly dead: number }> {
  const found = await cache.lookup(key)
  if (found.state === 'miss') throw new Error(`there is nothing at ${key}`)
  return { stale: found.staleAt, dead: found.deleteAt }
}

describe.each(servers)('On $name, the lifetime', place => {
  const open = async (one: CacheSettings, other: CacheSettings) => {
    const clock = new ManualClock({ random: () => 0.5 })
    const prefix = `config-${randomUUID()}`
    const old = await openMember(place, { guard, ...one, prefix }, { clock })
    const now = await openMember(place, { guard, ...other, prefix }, { clock })
    return { clock, old, now }
  }

  test.each(PAIRS.map(([old, now]) => ({ from: old[0], to: now[0], one: old[1], other: now[1] })))(
    'of what was stored with $from stays what it was with $to',
    async ({ one, other }) => {
      const { clock, old, now } = await open(one, other)
      for (const value of ['value', null]) {
        const key = `${value}`
        await old.getOrSet(key, () => value)
        const { stale, dead } = await lifetimeOf(old, key)
        expect(await lifetimeOf(now, key)).toEqual({ stale, dead })
        await clock.advance(stale - clock.now() - 1)
        expect(await now.getOrSet(key, mustNotLoad)).toBe(value)
        await clock.advance(1)
        if (dead > stale) {
          expect(await now.getOrSet(key, () => Promise.reject(new Error('down')))).toBe(value)
          await clock.advance(dead - stale)
        }
        await expect(now.getOrSet(key, () => Promise.reject(new Error('down')))).rejects.toThrow('down')
      }
    },
  )

  test('of null is that of the config which stored it', async () => {
    const { clock, old, now } = await open({ ttl: '1h' }, { ttl: '1h', negativeTtl: '1m' })
    await now.getOrSet('a', () => null)
    await old.getOrSet('b', () => null)
    await clock.advance(MINUTE)
    expect(await old.has('a')).toBe(false)
    expect(await now.has('b')).toBe(true)
  })

  test('of no time stores nothing, and reads what the others store', async () => {
    const { old, now } = await open({ ttl: '1h' }, { ttl: 0 })
    expect(await now.getOrSet('a', () => 'not kept')).toBe('not kept')
    expect(await old.get('a')).toBeUndefined()
    expect(await old.getOrSet('a', () => 'kept')).toBe('kept')
    expect(await now.getOrSet('a', mustNotLoad)).toBe('kept')
  })

  test('of what was stored without grace ends when it is expired, whatever the grace is now', async () => {
    const { old, now } = await open({ ttl: '1h' }, { ttl: '1h', grace: '1h' })
    await old.set('a', 'without')
    await now.expire('a')
    await now.set('b', 'with')
    await old.expire('b')
    expect(await now.lookup('a')).toMatchObject({ state: 'miss' })
    expect(await old.lookup('b')).toMatchObject({ state: 'stale', value: 'with' })
  })
})

describe.each(servers)('On $name, a version that was raised', place => {
  test('makes older values a miss, and has newer ones left alone by the old config', async () => {
    const prefix = `config-${randomUUID()}`
    const old = await openMember(place, { prefix, codec: 'structured' })
    const now = await openMember(place, { prefix, version: 1, compression: { threshold: 0 } })
    await old.set('a', 'v0')
    expect(await now.get('a')).toBeUndefined()
    expect(await now.getOrSet('a', () => 'v1')).toBe('v1')
    expect(await old.getOrSet('a', () => 'v0')).toBe('v0')
    expect(await now.getOrSet('a', mustNotLoad)).toBe('v1')
    expect(await old.delete('a')).toBe(true)
    expect(await now.get('a')).toBeUndefined()
  })
})

describe('A tag token on Redis', () => {
  test('that a config with a short ttl has made is kept for what one with a long ttl tags with it', async () => {
    const plain = new Redis(inject('redisUrl'))
    onTestFinished(() => plain.disconnect())
    const prefix = `config-${randomUUID()}`
    const old = await openMember(redis, { prefix, ttl: '1s' })
    const now = await openMember(redis, { prefix, ttl: '10d' })
    await old.getOrSet('a', () => 'short', { tags: ['t'] })
    const days = async () => (await plain.pttl(`${prefix}:#tag:t`)) / (24 * HOUR)
    expect(await days()).toBeLessThan(1)
    await now.getOrSet('b', () => 'long', { tags: ['t'] })
    await expect.poll(days).toBeGreaterThan(10)
    await old.getOrSet('c', () => 'short', { tags: ['t'] })
    expect(await days()).toBeGreaterThan(10)
    expect(await now.get('b', { tags: ['t'] })).toBe('long')
  })
})
