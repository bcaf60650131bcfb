import type { RemoteStore } from '@lookaside/core'
import { remoteStoreSuite } from '@lookaside/testing'
import fc from 'fast-check'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { type MemcachedDialectName, type MemcachedFlags, memcachedStore } from '../src/index.js'
import type { MemcachedStored } from '../src/memcached-value.js'
import { openStore } from './opened.js'
import { textClient } from './text-client.js'

const [address = ''] = inject('memcachedServers').split(',')
const LONG = 60_000

type DialectOption = MemcachedDialectName | MemcachedFlags

const own: MemcachedFlags = { text: 1, json: 2 }
const dialects: readonly DialectOption[] = ['plain', 'python', 'php', 'ruby', 'java', 'dotnet', own]

let count = 0
const newKey = () => `dialects:${process.pid}:${count++}`

async function opened(dialect: DialectOption) {
  const store = openStore({ servers: [address], timeout: '5s', dialect })
  return { store, client: await textClient(address), key: newKey() }
}

/** What a reader of the store gets, and what it may make of it. */
async function found(store: RemoteStore, key: string): Promise<string | undefined> {
  const stored = (await store.get(key)) as MemcachedStored | undefined
  const [slot] = (await store.getMany([key])) as (MemcachedStored | undefined)[]
  expect(slot).toEqual({ ...stored, version: expect.anything() })
  return stored && `${stored.foreign ? 'foreign' : 'plain'} ${Buffer.from(stored.bytes).toString('latin1')}`
}

/** Marks of the clients of each language, as they write them themselves. */
const written: readonly (readonly [DialectOption, Readonly<Record<string, number>>])[] = [
  ['plain', { text: 0, json: 0, bytes: 0, digits: 0 }],
  ['python', { text: 16, json: 16, bytes: 0, digits: 16 }],
  ['php', { text: 0, json: 6, bytes: 0, digits: 0 }],
  ['ruby', { text: 4, json: 4, bytes: 0, digits: 4 }],
  ['java', { text: 0, json: 0, bytes: 0x800, digits: 0 }],
  ['dotnet', { text: 0x112, json: 0x112, bytes: 0xfa52, digits: 0x112 }],
  [own, { text: 1, json: 2, bytes: 0, digits: 1 }],
  [{ text: 5 }, { text: 5, json: 5, bytes: 0, digits: 5 }],
  [
    { text: 5, bytes: 5 },
    { text: 5, json: 5, bytes: 5, digits: 5 },
  ],
]
const values: Readonly<Record<string, Buffer>> = {
  text: Buffer.from('grüß dich'),
  json: Buffer.from('{"name":"Ada","tags":["a",null]}'),
  bytes: Buffer.from([0xff, 0x4c, 0, 13, 10]),
  digits: Buffer.from('12345'),
}

describe.each(written)('in the dialect %o', (dialect, flags) => {
  test.each(Object.entries(values))('%s is written as a client of it writes it', async (kind, bytes) => {
    const { store, client, key } = await opened(dialect)
    await store.set(key, bytes, LONG)
    expect(await client.get(key)).toEqual({ flags: flags[kind], bytes })
    await store.delete(key)
    const version = await store.add(key, bytes, LONG)
    expect(await client.get(key)).toEqual({ flags: flags[kind], bytes })
    await store.replace(key, bytes, LONG, version ?? expect.unreachable('it was added'))
    expect(await client.get(key)).toEqual({ flags: flags[kind], bytes })
    expect(await found(store, key)).toBe(`plain ${bytes.toString('latin1')}`)
  })
})

describe('JSON', () => {
  test.each(['[]', '{}', '[1,{"a":"]"}]'])('is %s', async text => {
    const { store, client, key } = await opened('php')
    await store.set(key, Buffer.from(text), LONG)
    expect((await client.get(key))?.flags).toBe(6)
  })

  test.each(['{', '{]', '{name}', '[1,]', '"text"', 'null', '', '{"a":1}.', '[\xff]'])(
    'is not %j, which is a string to PHP',
    async text => {
      const { store, client, key } = await opened('php')
      await store.set(key, Buffer.from(text, 'latin1'), LONG)
      expect((await client.get(key))?.flags).toBe(0)
    },
  )
})

/** What the clients of each language write, with the flags that they give it. */
const theirs: readonly (readonly [DialectOption, readonly (readonly [number, string, boolean])[]])[] = [
  [
    'plain',
    [
      [0, 'text', true],
      [1, 'I01\n.', false],
      [2, '42', false],
      [16, 'text', false],
    ],
  ],
  [
    'python',
    [
      [16, 'str', true],
      [0, 'bytes', true],
      [2, '-5', true],
      [4, '42', true],
      [1, 'I01\n.', false],
      [8, 'x\x9c\x03', false],
      [24, 'x\x9c\x03', false],
      [32, 'text', false],
    ],
  ],
  [
    'php',
    [
      [0, 'string', true],
      [1, '42', true],
      [2, '1.5', true],
      [6, '{"a":1}', true],
      // A string that it has tried in vain to compress, and one with flags of the application's.
      [64, 'string', true],
      [5 << 16, 'string', true],
      [3, '1', false],
      [4, 'a:0:{}', false],
      [5, '\0\0\0\x02\0', false],
      [7, '\x90', false],
      [80, '\x88\x13\0\0', false],
      [48, '\x88\x13\0\0', false],
    ],
  ],
  [
    'ruby',
    [
      [0, 'raw', true],
      [4, 'string', true],
      [1, '\x04\x08i\n', false],
      [2, 'x\x9c\x03', false],
      [3, 'x\x9c\x03', false],
    ],
  ],
  [
    'java',
    [
      [0, 'String', true],
      [0x800, 'byte[]', true],
      [1, '\xac\xed\0\x05', false],
      [2, '\x1f\x8b', false],
      [0x200, '\x31', false],
    ],
  ],
  [
    'dotnet',
    [
      [0, 'string', true],
      [0x112, 'string', true],
      [0xfa52, 'byte[]', true],
      [0x109, '\x2a\0\0\0', false],
      [0x101, '\0\x01', false],
    ],
  ],
  [
    own,
    [
      [0, 'other', true],
      [1, 'str', true],
      [2, '[]', true],
      [3, 'other', false],
    ],
  ],
]

describe.each(theirs)('in the dialect %o', (dialect, items) => {
  test.each(items)('with the flags %i %j is what it looks like: %s', async (flags, text, readable) => {
    const { store, client, key } = await opened(dialect)
    await client.set(key, flags, Buffer.from(text, 'latin1'))
    expect(await found(store, key)).toBe(`${readable ? 'plain' : 'foreign'} ${text}`)
  })
})

test('what is foreign is replaced and deleted by its version, like anything else', async () => {
  const { store, client, key } = await opened('plain')
  await client.set(key, 1, 'I01\n.')
  const { version = {} } = (await store.get(key)) ?? {}
  const next = await store.replace(key, Buffer.from('ours'), LONG, version)
  expect(await client.get(key)).toEqual({ flags: 0, bytes: Buffer.from('ours') })
  expect(await store.replace(key, Buffer.from('late'), LONG, version)).toBeUndefined()
  expect(await store.delete(key, next)).toBe(true)
})

describe.each(dialects)('in the dialect %o', dialect => {
  test('every text, every JSON value and all bytes are there for a plain client, byte for byte', async () => {
    const { store, client, key } = await opened(dialect)
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }).map(text => Buffer.from(text)),
      fc.json().map(text => Buffer.from(text)),
      fc.uint8Array({ maxLength: 100 }).map(bytes => Buffer.from(bytes)),
      // What memcached could take for a counter that it has padded.
      fc.tuple(fc.stringMatching(/^\d{1,20}$/), fc.nat(5)).map(([digits, spaces]) => {
        return Buffer.from(digits + ' '.repeat(spaces))
      }),
    )
    await fc.assert(
      fc.asyncProperty(value, async bytes => {
        await store.set(key, bytes, LONG)
        const item = await client.get(key)
        expect(item?.bytes).toEqual(bytes)
        expect(await found(store, key)).toBe(`plain ${bytes.toString('latin1')}`)
        // A client that keeps the flags it found has written the same.
        await client.set(key, item?.flags ?? 0, bytes)
        expect(await found(store, key)).toBe(`plain ${bytes.toString('latin1')}`)
      }),
    )
  })

  test('a counter has the flags 0, and anybody may count', async () => {
    const { store, client, key } = await opened(dialect)
    await store.increment(key, 9n, { initial: 0n, ttl: LONG })
    expect(await client.get(key)).toEqual({ flags: 0, bytes: Buffer.from('9') })
    expect(await client.count(key, 91)).toBe('100')
    expect(await store.increment(key, 1n, { initial: 0n, ttl: LONG })).toBe(101n)
    expect(await client.count(key, -100)).toBe('1')
    expect((await client.get(key))?.bytes.toString()).toBe('1  ')
    expect(await found(store, key)).toBe('plain 1')
    expect(await store.increment(key, -1n, { initial: 0n, ttl: LONG })).toBe(0n)
    expect(await client.get(key)).toEqual({ flags: 0, bytes: Buffer.from('0  ') })
    expect(await found(store, key)).toBe('plain 0')
  })

  test('digits that were set are counted on, by both sides, under the flags they have', async () => {
    const { store, client, key } = await opened(dialect)
    await store.set(key, Buffer.from('41'), LONG)
    const flags = (await client.get(key))?.flags
    expect(await store.increment(key, 1n, { initial: 0n, ttl: LONG })).toBe(42n)
    expect(await client.get(key)).toEqual({ flags, bytes: Buffer.from('42') })
    expect(await client.count(key, 58)).toBe('100')
    expect(await store.increment(key, -1n, { initial: 0n, ttl: LONG })).toBe(99n)
    expect(await client.get(key)).toEqual({ flags, bytes: Buffer.from('99') })
    expect(await client.count(key, -90)).toBe('9')
    expect(await found(store, key)).toBe('plain 9')
  })

  test('text that looks like a padded counter keeps its spaces', async () => {
    const { store, client, key } = await opened(dialect)
    await store.set(key, Buffer.from('9  '), LONG)
    expect((await client.get(key))?.bytes.toString()).toBe('9  ')
    expect(await found(store, key)).toBe('plain 9  ')
  })
})

test('the bytes of another dialect are read, whatever its flags are: frames and tokens depend on it', async () => {
  const bytes = Buffer.from([0xff, 0x4c, 1, 0])
  const key = newKey()
  for (const writer of dialects) {
    await openStore({ servers: [address], dialect: writer }).set(key, bytes, LONG)
    for (const reader of dialects) {
      const stored = await openStore({ servers: [address], dialect: reader }).get(key)
      expect(stored?.bytes).toEqual(bytes)
    }
  }
})

describe('a dialect with flags of its own for everything', () => {
  remoteStoreSuite({
    test: test.concurrent,
    create: () =>
      memcachedStore({ servers: [address], timeout: '5s', dialect: { text: 1, json: 2, bytes: 4 } }),
  })
})

test('a client of the application is spoken to in the dialect too', async () => {
  const { Client } = await import('memjs')
  const memjs = Client.create(address)
  onTestFinished(() => memjs.close())
  const [store, client, key] = [
    openStore({ client: memjs, dialect: 'python' }),
    await textClient(address),
    newKey(),
  ]
  await store.set(key, Buffer.from('text'), LONG)
  expect(await client.get(key)).toEqual({ flags: 16, bytes: Buffer.from('text') })
})
