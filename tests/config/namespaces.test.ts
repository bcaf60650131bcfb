import { randomUUID } from 'node:crypto'
import type { CacheDefaults, CacheSettings } from '@lookaside/config'
import type { Cache } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { isGone, mustNotLoad, openMember, type Place, places, servers } from './members.js'

const value = { at: new Date(0), text: 'abc '.repeat(100) }

/** What the new config sets, beside an old one that knows of no namespaces. */
const SETTINGS = {
  users: {
    ttl: '1s',
    codec: 'structured',
    compression: { threshold: 64 },
    namespaces: { roles: { ttl: '1h', grace: '1h', codec: 'json' } },
  },
  orders: { version: 1 },
} satisfies CacheSettings['namespaces']

async function open(place: Place, defaults: CacheDefaults = {}) {
  const prefix = `config-${randomUUID()}`
  const old = await openMember(place, { prefix, ttl: '1m' }, defaults)
  const now = await openMember(place, { prefix, ttl: '1m', namespaces: SETTINGS }, defaults)
  return { old, now }
}

describe.each(servers)('On $name, namespaces that are given a ttl', place => {
  test('keep what they stored for as long as the config said that stored it', async () => {
    const clock = new ManualClock()
    const { old, now } = await open(place, { clock })
    const users = (cache: Cache) => cache.namespace('users')
    const roles = (cache: Cache) => users(cache).namespace('roles')
    await users(old).set('by old', 1)
    await users(now).set('by now', 1)
    await roles(old).set('by old', 1)
    await roles(now).set('by now', value)
    await clock.advance(1_000)
    expect(await users(now).get('by old')).toBe(1)
    expect(await users(old).get('by now')).toBeUndefined()
    await clock.advance(59_000)
    expect(await users(now).get('by old')).toBeUndefined()
    expect(await roles(now).get('by old')).toBeUndefined()
    expect(await roles(old).get('by now')).toEqual({ at: value.at.toJSON(), text: value.text })
    expect(await roles(old).expire('by now')).toBe(true)
    expect(await roles(now).lookup('by now')).toMatchObject({ state: 'stale' })
  })
})

describe.each(places)('On $name, namespaces that are given settings', place => {
  test('hold the same values under the same keys', async () => {
    const { old, now } = await open(place)
    for (const [writer, reader] of [
      [old.namespace('users'), now.namespace('users')],
      [now.namespace('users'), old.namespace('users')],
    ] as const) {
      await writer.getOrSet('a', () => value, { tags: ['t'] })
      expect(await reader.getOrSet('a', mustNotLoad, { tags: ['t'] })).toEqual(value)
      await reader.deleteTags(['t'])
      await isGone(place, writer, 'a')
      await writer.set('a', value)
      expect(await reader.getOrSet('a', mustNotLoad)).toEqual(value)
      await reader.delete('a')
      await isGone(place, writer, 'a')
    }
  })

  test('with a version are a miss one way, and left alone the other; their neighbours are not', async () => {
    const { old, now } = await open(place)
    await old.namespace('orders').set('a', 'v0')
    await old.namespace('items').set('a', 'v0')
    expect(await now.namespace('orders').getOrSet('a', () => 'v1')).toBe('v1')
    expect(await now.namespace('items').getOrSet('a', mustNotLoad)).toBe('v0')
    expect(await now.namespace('orders').getOrSet('a', mustNotLoad)).toBe('v1')
    await old.namespace('orders').delete('a')
    await isGone(place, now.namespace('orders'), 'a')
  })
})
