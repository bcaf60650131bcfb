import { randomUUID } from 'node:crypto'
import type { CodecName } from '@lookaside/core'
import { eventTrace } from '@lookaside/testing'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { backends, openCache } from '../backends.js'
import { observedCache } from './observed-cache.js'
import { plainClients } from './plain-clients.js'

type RawName = Extract<CodecName, `raw${string}`>

/** Digits are what increments write, so that each codec has them among its values. */
const digits = fc.nat().map(String)

/** What each codec keeps, and the bytes that any other program sees. */
const kinds = {
  raw: {
    values: fc.oneof(digits, fc.string({ unit: 'grapheme' })),
    bytes: (value: string) => Buffer.from(value),
  },
  'raw-json': {
    // Without -0, which JSON writes as 0.
    values: fc.jsonValue().map(value => JSON.parse(JSON.stringify(value)) as unknown),
    bytes: (value: unknown) => Buffer.from(JSON.stringify(value)),
  },
  'raw-bytes': {
    values: fc.oneof(digits, fc.uint8Array({ maxLength: 100 })).map(bytes => Buffer.from(bytes as string)),
    bytes: (value: Buffer) => value,
  },
} as const
const names = Object.keys(kinds) as RawName[]

/** A value of a codec with its bytes. */
function pairs(name: RawName): fc.Arbitrary<readonly [unknown, Buffer]> {
  const { values, bytes } = kinds[name]
  return (values as fc.Arbitrary<unknown>).map(value => [value, (bytes as (value: unknown) => Buffer)(value)])
}

describe.each(backends)('Values without a frame on $name', backend => {
  it.each(names)('%s gives back what went in, however it went', async codec => {
    const { cache } = observedCache(backend, { codec })
    let key = 0
    await fc.assert(
      fc.asyncProperty(pairs(codec), async ([value]) => {
        const [a, b, c] = [`a${key}`, `b${key}`, `c${key++}`]
        expect(await cache.getOrSet(a, () => value)).toEqual(value)
        expect(await cache.set(b, value)).toBe(true)
        expect(await cache.setMany([[c, value]])).toBe(true)
        const load = vi.fn(() => 'loaded')
        expect(await cache.getOrSet(a, load)).toEqual(value)
        expect(await cache.get(b)).toEqual(value)
        expect(await cache.getMany([a, b, c])).toEqual(
          new Map([
            [a, value],
            [b, value],
            [c, value],
          ]),
        )
        expect(load).not.toHaveBeenCalled()
      }),
      { numRuns: 50 },
    )
  })

  it.each([
    ['raw', '41', '42'],
    ['raw-json', 41, 42],
    ['raw-bytes', Buffer.from('41'), Buffer.from('42')],
  ] as const)('%s: digits that were set are a counter', async (codec, before, after) => {
    const cache = openCache(backend, { codec })
    await cache.set('n', before)
    expect(await cache.get('n')).toEqual(before)
    expect(await cache.increment('n')).toBe(42)
    expect(await cache.get('n')).toEqual(after)
    expect(await cache.increment('m', 42)).toBe(42)
    expect(await cache.get('m')).toEqual(after)
  })

  it("'raw-json' knows null, which the loader's caller may want to keep, from what was never stored", async () => {
    const { cache } = observedCache(backend, { codec: 'raw-json' })
    await cache.set('a', null)
    const load = vi.fn(() => 'loaded')
    expect(await cache.getOrSet('a', load)).toBeNull()
    expect(load).not.toHaveBeenCalled()
    expect(await cache.set('a', undefined)).toBe(false)
    expect((await cache.lookup('a')).state).toBe('miss')
  })

  it("'raw-json' stores nothing that has no JSON text", async () => {
    const { cache, trace } = observedCache(backend, { codec: 'raw-json' })
    for (const value of [undefined, () => 1, 1n, { total: 1n }]) {
      expect(await cache.getOrSet('a', () => value)).toBe(value)
      expect(trace.events.at(-1)).toMatchObject({ type: 'not-stored', reason: 'not-encodable' })
    }
    expect(await cache.has('a')).toBe(false)
  })
})

describe.each(plainClients())(
  'Values without a frame on $backend.name',
  ({ backend, openStore, ...plain }) => {
    function opened(codec: RawName) {
      const cache = openCache(backend, { store: openStore(), prefix: '', codec })
      const key = `raw-${randomUUID()}`
      onTestFinished(() => plain.delete(key))
      return { cache, key, trace: eventTrace(cache) }
    }

    it.each(names)('%s is there for any other client, byte for byte, and read from it', async codec => {
      const { cache, key } = opened(codec)
      await fc.assert(
        fc.asyncProperty(pairs(codec), pairs(codec), async ([ours, bytes], [theirs, theirBytes]) => {
          await cache.set(key, ours)
          expect(await plain.read(key)).toEqual(bytes)
          await plain.write(key, theirBytes)
          expect(await cache.get(key)).toEqual(theirs)
        }),
      )
    })

    it.each([
      ['raw', [0x67, 0x72, 0xfc]],
      ['raw-json', [...Buffer.from('{"a":1')]],
      ['raw-json', [...Buffer.from('I01\n.')]],
      ['raw-json', [0x22, 0xfc, 0x22]],
      ['raw-json', []],
    ] as const)('%s: the bytes %o are a miss, and the next load replaces them', async (codec, bytes) => {
      const { cache, key, trace } = opened(codec)
      await plain.write(key, Buffer.from(bytes))
      expect(await cache.get(key)).toBeUndefined()
      expect((await cache.lookup(key)).state).toBe('miss')
      expect(await cache.getMany([key])).toEqual(new Map())
      expect(trace.lines('reason')).toContain('unusable reason=foreign')
      expect(await cache.getOrSet(key, () => 'loaded')).toBe('loaded')
      expect(await cache.get(key)).toBe('loaded')
    })

    it.each(names)('%s: a delete by any other client is a miss at once', async codec => {
      const { cache, key } = opened(codec)
      const [before, after] = fc.sample(pairs(codec), { numRuns: 2, seed: 42 }).map(([value]) => value)
      await cache.set(key, before)
      await plain.delete(key)
      expect(await cache.getOrSet(key, () => after)).toEqual(after)
    })
  },
)
