import { randomUUID } from 'node:crypto'
import type { CodecName } from '@lookaside/core'
import { type MemcachedDialectName, memcachedStore } from '@lookaside/memcached'
import { eventTrace } from '@lookaside/testing'
import { describe, expect, inject, it } from 'vitest'
import { textClient } from '../../packages/memcached/test/text-client.js'
import { memcached, openCache } from '../backends.js'

// A fleet of one, so that the other client needs no ring.
const [address = ''] = inject('memcachedServers').split(',')

/** A cache that shares its keys with the clients of a language, and one of these. */
async function shared(dialect: MemcachedDialectName, codec: CodecName) {
  const store = memcachedStore({ servers: [address], timeout: '5s', connectTimeout: '5s', dialect })
  const cache = openCache(memcached, { store, prefix: '', codec })
  return { cache, trace: eventTrace(cache), client: await textClient(address), key: `shared-${randomUUID()}` }
}

/** What clients write that nobody else can read: the bytes are text, or even JSON. */
const serialised = [
  ['plain', 'raw', 1, 'I01\n.'],
  ['plain', 'raw-json', 1, '42'],
  ['python', 'raw', 1, '(dp0\nVa\np1\nI1\ns.'],
  ['python', 'raw-json', 1, '[]'],
  ['python', 'raw-bytes', 24, 'x\x9c\x03\0'],
  ['php', 'raw', 4, 'a:1:{s:1:"a";i:1;}'],
  ['php', 'raw-json', 3, '1'],
  ['php', 'raw-bytes', 80, '\x88\x13\0\0'],
  ['ruby', 'raw-bytes', 1, '\x04\x08i\n'],
  ['java', 'raw', 0x200, '1'],
  ['dotnet', 'raw-bytes', 0x109, '\x2a\0\0\0'],
] as const

describe.each(serialised)('To %s and %s, what has the flags %i', (dialect, codec, flags, text) => {
  it('is a miss, and the next load replaces it', async () => {
    const { cache, trace, client, key } = await shared(dialect, codec)
    await client.set(key, flags, Buffer.from(text, 'latin1'))
    expect(await cache.get(key)).toBeUndefined()
    expect(trace.lines('reason')).toEqual(['unusable reason=foreign', 'miss'])
    expect(await cache.getMany([key])).toEqual(new Map())
    const loaded = codec === 'raw-bytes' ? Buffer.from('loaded') : 'loaded'
    expect(await cache.getOrSet(key, () => loaded)).toEqual(loaded)
    expect(await cache.get(key)).toEqual(loaded)
    expect((await client.get(key))?.bytes.toString()).toContain('loaded')
  })
})

describe('A program in Python', () => {
  it('reads a str and bytes as such, and what it writes is read', async () => {
    const { cache, client, key } = await shared('python', 'raw')
    await cache.set(key, 'grüß dich')
    expect(await client.get(key)).toEqual({ flags: 16, bytes: Buffer.from('grüß dich') })
    await client.set(key, 16, 'str')
    expect(await cache.get(key)).toBe('str')
    await client.set(key, 0, 'bytes')
    expect(await cache.get(key)).toBe('bytes')
    await client.set(key, 2, '42')
    expect(await cache.get(key)).toBe('42')
    expect(await cache.increment(key)).toBe(43)
    expect(await client.get(key)).toEqual({ flags: 2, bytes: Buffer.from('43') })
  })
})

describe('A program in PHP', () => {
  it('reads an array, and what it writes with its JSON serializer is read', async () => {
    const { cache, client, key } = await shared('php', 'raw-json')
    await cache.set(key, { name: 'Ada' })
    expect(await client.get(key)).toEqual({ flags: 6, bytes: Buffer.from('{"name":"Ada"}') })
    await client.set(key, 6, '{"name":"Grace"}')
    expect(await cache.get(key)).toEqual({ name: 'Grace' })
    await client.set(key, 2, '1.5')
    expect(await cache.get(key)).toBe(1.5)
  })
})

it('Values with a frame are read by a process of any dialect', async () => {
  const [python, java] = [await shared('python', 'auto'), await shared('java', 'auto')]
  const { key } = python
  await python.cache.getOrSet(key, () => new Date(0), { tags: ['t'] })
  expect(await java.cache.get(key, { tags: ['t'] })).toEqual(new Date(0))
  await java.cache.set(key, new Date(1), { tags: ['t'] })
  expect(await python.cache.get(key)).toEqual(new Date(1))
  await java.cache.deleteTags(['t'])
  expect(await python.cache.get(key)).toBeUndefined()
})
