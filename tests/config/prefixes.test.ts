import { randomUUID } from 'node:crypto'
import { cachesFromConfig } from '@lookaside/config'
import { describe, expect, onTestFinished, test } from 'vitest'
import { mustNotLoad, openMember, places } from './members.js'

/** Prefixes that begin like the old one, and one that doesn't. */
const CHANGES = ['.v2', '2', '-next', undefined] as const

describe.each(places)('On $name, a prefix that was changed', place => {
  const open = async (suffix: (typeof CHANGES)[number]) => {
    const prefix = `config-${randomUUID()}`
    const next = suffix === undefined ? `config-${randomUUID()}` : `${prefix}${suffix}`
    const settings = { grace: '1h' } as const
    const old = await openMember(place, { ...settings, prefix })
    return { old, now: await openMember(place, { ...settings, prefix: next }) }
  }

  test.each(CHANGES)('makes a cold cache, which changes nothing in the old one: old + %s', async suffix => {
    const { old, now } = await open(suffix)
    const tags = ['t']
    await old.getOrSet('a', () => 'old', { tags })
    expect(await now.get('a')).toBeUndefined()
    expect(await now.getOrSet('a', () => 'new', { tags })).toBe('new')
    expect(await old.getOrSet('a', mustNotLoad, { tags })).toBe('old')
    await now.deleteTags(tags)
    expect(await old.get('a', { tags })).toBe('old')
    await now.expire('a')
    await now.delete('a')
    expect(await old.get('a')).toBe('old')
    expect(await now.increment('count', 5)).toBe(5)
    expect(await old.increment('count', 1)).toBe(1)
  })

  test('has a clear() of its own: it leaves what the other one has', async () => {
    // Together: on memcached each takes a second.
    const clears = CHANGES.flatMap(suffix => [false, true].map(clearsOld => ({ suffix, clearsOld })))
    await Promise.all(
      clears.map(async ({ suffix, clearsOld }) => {
        const { old, now } = await open(suffix)
        const [cleared, other] = clearsOld ? [old, now] : [now, old]
        for (const cache of [old, now]) {
          await cache.set('a', 'value')
          await cache.namespace('inner').set('b', 'value')
        }
        expect(await cleared.clear()).toBe(true)
        expect(await cleared.get('a')).toBeUndefined()
        expect(await cleared.namespace('inner').get('b')).toBeUndefined()
        expect(await other.get('a')).toBe('value')
        expect(await other.namespace('inner').get('b')).toBe('value')
      }),
    )
  })

  test('of one cache that becomes several is that and the name of each', async () => {
    const prefix = `config-${randomUUID()}`
    const one = await openMember(place, { prefix })
    const several = await cachesFromConfig({ ...place.config(), prefix, caches: { users: {}, pages: {} } })
    onTestFinished(async () => {
      await Promise.all(Object.values(several).map(cache => cache.close()))
    })
    const { users, pages } = several
    await one.set('a', 'one')
    await users.set('a', 'user')
    await pages.set('a', 'page')
    await one.namespace('users').set('a', 'in a namespace')
    await Promise.all([one.clear(), pages.clear()])
    expect(await users.get('a')).toBe('user')
    expect(await one.namespace('users').get('a')).toBeUndefined()
    expect(await pages.get('a')).toBeUndefined()
  })
})
