import { deflateSync, inflateSync } from 'node:zlib'
import type { Codec, CodecName, CompressionOptions } from '@lookaside/core'
import { faultyStore, ManualClock, memoryRemoteServer } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { memory, newPrefix, openCache, remoteBackends } from '../backends.js'
import { observedCache } from './observed-cache.js'

/** A codec of the application's own. */
const backwards: Codec = {
  name: 'backwards',
  id: 200,
  encode: value => Buffer.from([...JSON.stringify(value)].reverse().join('')),
  decode: bytes => JSON.parse([...Buffer.from(bytes).toString()].reverse().join('')),
}

/** Another one, with the same id. */
const deflated: Codec = {
  name: 'deflated',
  id: 200,
  encode: value => deflateSync(JSON.stringify(value)),
  decode: bytes => JSON.parse(inflateSync(bytes).toString()),
}

const value = { name: 'Ada', tags: ['admin'], address: { city: 'London', lines: ['x'.repeat(3_000)] } }

interface Settings {
  readonly codec?: CodecName | Codec
  readonly compression?: boolean | CompressionOptions
}

const fleet: Settings[] = [
  {},
  { codec: 'json' },
  { codec: 'structured' },
  { compression: true },
  { codec: 'structured', compression: { threshold: 0 } },
  { codec: backwards, compression: true },
]

describe.each(remoteBackends)('Codecs on $name', backend => {
  it('of one fleet may differ: every process reads what the built-in ones wrote', async () => {
    const prefix = newPrefix()
    const processes = fleet.map(settings => openCache(backend, { prefix, ...settings }))
    const writers = processes.slice(0, -1)
    for (const [writer, cache] of writers.entries()) {
      await cache.set(`by ${writer}`, value)
      for (const reader of processes) {
        expect(await reader.get(`by ${writer}`)).toEqual(value)
        expect(reader.stats().misses).toBe(0)
      }
    }
  })

  it('of the application are read by those who have them, and are a miss to the others', async () => {
    const shared = { prefix: newPrefix(), clock: new ManualClock() }
    const [mine, yours] = [openCache(backend, { ...shared, codec: backwards }), openCache(backend, shared)]
    await mine.set('a', value)
    expect(await mine.get('a')).toEqual(value)
    const { cache: other, trace } = observedCache(backend, shared)
    expect(await other.get('a')).toBeUndefined()
    expect(trace.lines('key', 'reason')).toEqual(['unusable key=a reason=codec', 'miss key=a'])
    expect(await yours.getOrSet('a', () => 'replaced')).toBe('replaced')
    expect(await mine.get('a')).toBe('replaced')
  })

  it('of the application that can not read what another with its id wrote make it a miss', async () => {
    const shared = { prefix: newPrefix(), clock: new ManualClock() }
    await openCache(backend, { ...shared, codec: backwards }).set('a', value)
    const { cache, trace } = observedCache(backend, { ...shared, codec: deflated })
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    expect(trace.lines('reason')).toEqual(['unusable reason=corrupt', 'miss', 'load reason=miss', 'commit'])
    expect(await cache.get('a')).toBe('loaded')
  })

  it("'json' loses what JSON loses, and says what it can not encode", async () => {
    const { cache, trace } = observedCache(backend, { codec: 'json' })
    await cache.set('a', { at: new Date(0), nothing: Number.NaN })
    expect(await cache.get('a')).toEqual({ at: '1970-01-01T00:00:00.000Z', nothing: null })
    expect(await cache.getOrSet('b', () => 1n)).toBe(1n)
    expect(await cache.has('b')).toBe(false)
    expect(trace.events.find(({ type }) => type === 'not-stored')).toMatchObject({
      reason: 'not-encodable',
      error: { message: expect.stringContaining("codec 'json' can't encode a bigint at value") },
    })
  })

  it('can be set for a namespace alone', async () => {
    const { cache } = observedCache(backend)
    const json = cache.namespace('json', { codec: 'json', compression: true })
    const inner = json.namespace('inner', { ttl: 1 })
    await json.set('a', new Date(0))
    await inner.set('a', new Date(0))
    await cache.set('a', new Date(0))
    expect(await json.get('a')).toBe('1970-01-01T00:00:00.000Z')
    expect(await inner.get('a')).toBe('1970-01-01T00:00:00.000Z')
    expect(await cache.get('a')).toEqual(new Date(0))
  })
})

describe('Compression', () => {
  async function storedBytes(settings: Settings, value: unknown): Promise<number> {
    const server = memoryRemoteServer()
    const store = faultyStore(server.store())
    const cache = openCache(memory, { store, ...settings })
    await cache.set('a', value)
    expect(await cache.get('a')).toEqual(value)
    const [key] = server.keys()
    return (await store.get(key as string))?.bytes.byteLength ?? 0
  }
  const text = 'abc '.repeat(300)

  it('makes what it is applied to smaller on the wire', async () => {
    expect(await storedBytes({}, text)).toBeGreaterThan(1_200)
    expect(await storedBytes({ compression: true }, text)).toBeLessThan(200)
  })

  it('leaves payloads below its threshold as they are', async () => {
    const plain = await storedBytes({}, text)
    expect(await storedBytes({ compression: { threshold: 10_000 } }, text)).toBe(plain)
    expect(await storedBytes({ compression: false }, text)).toBe(plain)
  })

  it('keeps a payload as it is where that is smaller', async () => {
    expect(await storedBytes({ compression: { threshold: 0 } }, 'a')).toBe(await storedBytes({}, 'a'))
  })
})
