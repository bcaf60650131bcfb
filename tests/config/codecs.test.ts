import { randomBytes, randomUUID } from 'node:crypto'
import type { CacheSettings } from '@lookaside/config'
import type { Cache, RemoteStore } from '@lookaside/core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { memcached as memcachedBackend, redis as redisBackend } from '../backends.js'
import { fromSettings, holds, isGone, memcached, mustNotLoad, places, redis } from './members.js'

const CODECS = ['auto', 'json', 'structured'] as const
const COMPRESSIONS = [false, { threshold: 64 }] as const

interface Config {
  readonly name: string
  readonly settings: CacheSettings & { readonly codec: (typeof CODECS)[number] }
}

const CONFIGS: readonly Config[] = CODECS.flatMap(codec =>
  COMPRESSIONS.map(compression => ({
    name: compression === false ? codec : `${codec}-compressed`,
    settings: { codec, compression, grace: '1h' },
  })),
)

/** Those whose values are invalidated by all others. */
const WRITERS = CONFIGS.filter(({ name }) => ['auto', 'json-compressed', 'structured'].includes(name))

const TEXT = 'abc '.repeat(100)
const noise = randomBytes(2_000)
const dated = { at: new Date(0), number: Number.NaN }
const mapped = { roles: new Map([['Ada', new Set(['admin'])]]) }

/** Values by name, and what JSON makes of those that it doesn't keep. */
const VALUES: readonly (readonly [name: string, value: unknown, asJson?: unknown])[] = [
  ['text', { name: 'Ada', text: TEXT }],
  ['short', [1, 'a', true]],
  ['null', null],
  ['undefined', undefined],
  ['date', dated, { at: '1970-01-01T00:00:00.000Z', number: null }],
  ['map', mapped, { roles: {} }],
  ['noise', { noise }, { noise: noise.toJSON() }],
]

describe.each(places)('On $name, what is written', place => {
  const prefix = `config-${randomUUID()}`
  const caches = new Map<string, Cache>()
  const cacheOf = (config: string) => caches.get(config) as Cache
  const othersThan = (config: string) => [...caches].filter(([name]) => name !== config)

  beforeAll(async () => {
    for (const { name, settings } of CONFIGS)
      caches.set(name, await fromSettings(place, { ...settings, prefix }))
    if (!place.copies) return
    // Each has a bus that it trusts by then.
    await cacheOf('auto').set('warm', 1)
    for (const cache of caches.values()) await holds(cache, 'warm', 1)
  })
  afterAll(() => Promise.all([...caches.values()].map(cache => cache.close())))

  test.each(CONFIGS)('as $name is read by every other config', async ({ name, settings }) => {
    const writer = cacheOf(name)
    const written = VALUES.flatMap(([kind, value, asJson]) => {
      const expected = settings.codec === 'json' && asJson !== undefined ? asJson : value
      return ['set', 'loaded'].map(how => ({ key: `${name}:${kind}:${how}`, how, value, expected }))
    })
    await Promise.all(
      written.map(async ({ key, how, value }) => {
        if (how === 'set') expect(await writer.set(key, value)).toBe(true)
        else await writer.getOrSet(key, () => value)
      }),
    )
    const reads = othersThan(name).map(async ([reading, reader]) => {
      const all = await reader.getMany(written.map(({ key }) => key))
      expect([...all], `for ${reading}`).toEqual(written.map(({ key, expected }) => [key, expected]))
      const each = written.map(async ({ key, expected }) => {
        expect(await reader.getOrSet(key, mustNotLoad), `${key} for ${reading}`).toEqual(expected)
      })
      await Promise.all(each)
    })
    await Promise.all(reads)
  })

  test.each(WRITERS)('as $name is invalidated by tag by every other config', async ({ name }) => {
    const writer = cacheOf(name)
    const invalidate = async ([other, cache]: readonly [string, Cache]) => {
      const key = (what: string) => `${name}:${other}:${what}`
      const [tag, soft] = [key('tag'), key('soft')]
      await writer.getOrSet(key('a'), () => TEXT, { tags: [tag] })
      await writer.getOrSet(key('b'), () => TEXT, { tags: () => [tag] })
      await writer.set(key('c'), TEXT, { tags: [soft] })
      expect(await cache.get(key('a'), { tags: [tag] })).toBe(TEXT)
      expect(await cache.getOrSet(key('b'), mustNotLoad)).toBe(TEXT)
      expect(await cache.getOrSet(key('c'), mustNotLoad)).toBe(TEXT)

      expect(await cache.deleteTags([tag])).toBe(true)
      expect(await cache.expireTags([soft])).toBe(true)
      await isGone(place, writer, key('a'))
      await isGone(place, writer, key('b'))
      expect(await writer.lookup(key('c'))).toMatchObject({ state: 'stale', value: TEXT })
      expect(await writer.deleteTags([soft])).toBe(true)
      await isGone(place, cache, key('c'))
    }
    await Promise.all(othersThan(name).map(invalidate))
  })

  test.each(WRITERS)('as $name is expired, updated and deleted by every other config', async ({ name }) => {
    const writer = cacheOf(name)
    const change = async ([other, cache]: readonly [string, Cache]) => {
      const key = (what: string) => `${name}:${other}:${what}`
      await writer.set(key('a'), [TEXT])
      expect(await cache.expire(key('a'))).toBe(true)
      for (const reader of [writer, cache])
        expect(await reader.lookup(key('a'))).toMatchObject({ state: 'stale', value: [TEXT] })
      expect(await cache.getOrSet(key('a'), () => Promise.reject(new Error('down')))).toEqual([TEXT])

      await writer.set(key('b'), [TEXT])
      const { version } = await cache.lookup(key('b'))
      await writer.update<string[]>(key('b'), (current = []) => [...current, name])
      await cache.update<string[]>(key('b'), (current = []) => [...current, other])
      expect(await writer.lookup(key('b'))).toMatchObject({ value: [TEXT, name, other] })
      expect(await cache.set(key('b'), 'late', { ifVersion: version })).toBe(false)

      for (const [deleting, reader] of [
        [cache, writer],
        [writer, cache],
      ] as const) {
        await writer.set(key('c'), 'old')
        if (place.copies) await holds(reader, key('c'), 'old')
        expect(await deleting.delete(key('c'))).toBe(true)
        await isGone(place, reader, key('c'))
        expect(await reader.getOrSet(key('c'), () => 'new')).toBe('new')
        expect(await deleting.getOrSet(key('c'), mustNotLoad)).toBe('new')
      }
    }
    await Promise.all(othersThan(name).map(change))
  })
})

describe('The configs of these tests', () => {
  const CODEC_AT = 4
  const FLAGS_AT = 5
  const COMPRESSED = 1

  test.each([
    [redis, redisBackend],
    [memcached, memcachedBackend],
  ] as const)('write bytes that differ, on $name', async (place, backend) => {
    const prefix = `config-${randomUUID()}`
    const store = backend.openStore() as RemoteStore
    onTestFinished(() => store.close())
    const formats = await Promise.all(
      CONFIGS.map(async ({ name, settings }) => {
        const cache = await fromSettings(place, { ...settings, prefix })
        const formatOf = async (value: unknown) => {
          await cache.set(name, value)
          const { bytes } = (await store.get(`${prefix}::${name}`)) ?? { bytes: noise }
          return [bytes[CODEC_AT], (bytes[FLAGS_AT] as number) & COMPRESSED].join(' ')
        }
        const formats = [name, await formatOf(TEXT), await formatOf(dated), await formatOf(noise)]
        await cache.close()
        return formats
      }),
    )
    const [json, jsonCompressed, structured, structuredCompressed] = ['1 0', '1 1', '2 0', '2 1']
    expect(formats).toEqual([
      ['auto', json, structured, structured],
      ['auto-compressed', jsonCompressed, structured, structured],
      ['json', json, json, json],
      ['json-compressed', jsonCompressed, json, jsonCompressed],
      ['structured', structured, structured, structured],
      ['structured-compressed', structuredCompressed, structured, structured],
    ])
  })
})
