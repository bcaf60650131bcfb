import { randomUUID } from 'node:crypto'
import { type CacheConfig, type CacheSettings, fromConfig } from '@lookaside/config'
import type { Cache } from '@lookaside/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { memcached, mustNotLoad, redis } from './members.js'

/** The releases of a move, each of which stands beside the one before it and the one after it. */
const RELEASES = ['before', 'prepare', 'move', 'finish', 'after'] as const
type Release = (typeof RELEASES)[number]

/** What else changes with a release: how values are written. */
const FORMATS: readonly CacheSettings[] = [
  { codec: 'auto' },
  { codec: 'structured', compression: { threshold: 64 } },
  { codec: 'json', compression: true, guard: { claimed: false } },
  { codec: 'structured', ttl: '1h' },
  { codec: 'auto', compression: { threshold: 64 } },
]

async function open(release: Release, prefix: string): Promise<Cache> {
  const [from, to] = [memcached.config(), redis.config()]
  const stores: Record<Release, CacheConfig> = {
    before: from,
    prepare: { type: 'migrating', from, to, phase: 'prepare', timeout: '5s' },
    move: { type: 'migrating', from, to, phase: 'move', timeout: '5s' },
    finish: { type: 'migrating', from, to, phase: 'finish', timeout: '5s' },
    after: to,
  }
  const format = FORMATS[RELEASES.indexOf(release)]
  const cache = await fromConfig({ ...stores[release], ...format, prefix, grace: '1h', storeTimeout: '10s' })
  onTestFinished(() => cache.close())
  return cache
}

const value = { text: 'abc '.repeat(100) }
const NEIGHBOURS = RELEASES.slice(1).map((now, index) => [RELEASES[index] as Release, now] as const)

describe('A move from memcached to redis', () => {
  test.each(NEIGHBOURS)("'%s' beside '%s': what either deletes both miss", async (one, other) => {
    const prefix = `config-${randomUUID()}`
    const [old, now] = [await open(one, prefix), await open(other, prefix)]
    const changes = {
      delete: (cache: Cache) => cache.delete('a'),
      deleteTags: (cache: Cache) => cache.deleteTags(['t']),
    }
    for (const change of Object.values(changes)) {
      for (const deleting of [old, now]) {
        for (const cache of [old, now]) await cache.getOrSet('a', () => value, { tags: ['t'] })
        expect(await change(deleting)).toBe(true)
        for (const cache of [old, now]) expect(await cache.get('a')).toBeUndefined()
      }
    }
  })

  test.each(NEIGHBOURS)("'%s' beside '%s': what the older one has stored both read", async (one, other) => {
    const prefix = `config-${randomUUID()}`
    const [old, now] = [await open(one, prefix), await open(other, prefix)]
    await old.getOrSet('a', () => value, { tags: ['t'] })
    expect(await now.get('a', { tags: ['t'] })).toEqual(value)
    expect(await now.getOrSet('a', mustNotLoad)).toEqual(value)
    expect(await old.getOrSet('a', mustNotLoad)).toEqual(value)
  })

  test('serves in the end what was stored in the beginning, through every format', async () => {
    const prefix = `config-${randomUUID()}`
    await (await open('before', prefix)).getOrSet('a', () => value, { tags: ['t'] })
    for (const release of RELEASES.slice(1))
      expect(await (await open(release, prefix)).getOrSet('a', mustNotLoad)).toEqual(value)
    const [first, last] = [await open('move', prefix), await open('after', prefix)]
    expect(await first.deleteTags(['t'])).toBe(true)
    expect(await last.get('a')).toBeUndefined()
  })
})
