import type { Cache } from '@lookaside/core'
import { describe, expect, test } from 'vitest'
import { openFleet } from '../fleet.js'
import { publishedBy } from './messages.js'

/** Keys that have a digest on the wire, and some that only look odd. */
const KEYS = [
  'plain',
  'x'.repeat(300),
  'with spaces in it',
  '\0odd',
  '\u{d800}',
  'ns::k',
  'ns:k',
  '::k',
  ':#tag:k',
  `like a digest~${'d'.repeat(43)}`,
  `digest~${'d'.repeat(43)}`,
  'émile',
]

const PATHS: readonly string[][] = [[], ['ns'], ['ns', 'nested'], ['nested', 'ns']]

const viewAt = (cache: Cache, path: readonly string[]) =>
  path.reduce((view: Cache, name) => view.namespace(name), cache)

describe.each(['lookaside', 'a.b-c_d', ''])("A change elsewhere, with prefix '%s'", prefix => {
  describe.each(['member', 'observer'] as const)('of which a %s hears', kind => {
    test.each(PATHS.map(path => [path.join(':'), path] as const))(
      "drops the copy of its key, whatever that looks like, in namespace '%s'",
      async (_, path) => {
        const fleet = openFleet({ prefix })
        const [here, there] = [await fleet[kind](), await fleet[kind]()]
        const mine = viewAt(here.cache, path)
        const theirs = viewAt(there.cache, path)
        for (const change of ['delete', 'set', 'expire'] as const) {
          await mine.setMany(KEYS.map(key => [key, 'old']))
          await fleet.settle()
          await theirs.getMany(KEYS)
          expect(KEYS.map(key => theirs.peek(key))).toEqual(KEYS.map(() => 'old'))
          for (const key of KEYS) await (change === 'set' ? mine.set(key, 'new') : mine[change](key))
          await fleet.settle()
          expect(KEYS.map(key => theirs.peek(key))).toEqual(KEYS.map(() => undefined))
        }
        expect(there.trace.types()).not.toContain('local-drop')
      },
    )
  })

  test('spares the same key in other namespaces', async () => {
    // Without a prefix a key that looks like another one's path is that one's.
    const keys = KEYS.filter(key => prefix !== '' || !key.includes('::'))
    for (const key of keys) {
      const fleet = openFleet({ prefix })
      const [here, there] = [await fleet.member(), await fleet.member()]
      for (const path of PATHS) await viewAt(here.cache, path).set(key, path.join())
      await fleet.settle()
      for (const path of PATHS) await viewAt(there.cache, path).get(key)
      await here.cache.namespace('ns').delete(key)
      await fleet.settle()
      expect(PATHS.map(path => viewAt(there.cache, path).peek(key))).toEqual([
        '',
        undefined,
        'ns,nested',
        'nested,ns',
      ])
    }
  })
})

describe('A message about keys', () => {
  test('names them as they are on the wire, and never holds a value', async () => {
    const fleet = openFleet()
    const { cache, bus } = await fleet.member()
    bus.published.length = 0
    await cache.set('a', { secret: 'x'.repeat(10_000) })
    await cache.namespace('users').delete('b')
    await cache.expire('c')
    await cache.getOrSet('d', () => 'secret', { refresh: true })
    expect(publishedBy(bus)).toEqual(
      ['lookaside::a', 'lookaside:users::b', 'lookaside::c', 'lookaside::d'].map((key, index) => ({
        format: 1,
        source: expect.any(String),
        number: index + 1,
        type: 'keys',
        keys: [key],
      })),
    )
    for (const { bytes } of bus.published) expect(bytes.byteLength).toBeLessThan(150)
  })

  test('is one of several where there are more than 500', async () => {
    const fleet = openFleet()
    const [here, there] = [await fleet.member(), await fleet.member()]
    const keys = Array.from({ length: 1_001 }, (_, index) => `key:${index}`)
    await fleet.plain().setMany(keys.map(key => [key, 'old']))
    await there.cache.getMany(keys)
    here.bus.published.length = 0
    await here.cache.deleteMany(keys)
    await fleet.settle()
    expect(publishedBy(here.bus).map(one => (one['keys'] as string[]).length)).toEqual([500, 500, 1])
    expect(keys.filter(key => there.cache.peek(key) !== undefined)).toEqual([])
  })

  test('is not sent for what a load has stored, or nothing was done to', async () => {
    const { cache, bus } = await openFleet().member()
    bus.published.length = 0
    await cache.getOrSet('a', () => 'value', { tags: ['t'] })
    await cache.get('a')
    await cache.deleteMany([])
    await cache.deleteTags([])
    expect(bus.published).toEqual([])
  })
})
