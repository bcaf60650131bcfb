import assert from 'node:assert/strict'
import { MAX_WIRE_KEY_BYTES, type RemoteStore } from '@lookaside/core'
import { newFrame } from '../frame-layout.js'
import { expectCode, expectHeld } from './expectations.js'
import { LONG, type Rules } from './rule.js'

const ILLEGAL: Readonly<Record<string, string>> = {
  'an empty key': '',
  'a key of 251 bytes': 'k'.repeat(MAX_WIRE_KEY_BYTES + 1),
  'a key of 251 bytes in fewer characters': `${'é'.repeat(125)}k`,
  'a key of 70,000 bytes': 'k'.repeat(70_000),
  'a key with a space': 'a b',
  'a key with a newline': 'a\nb',
  'a key with a carriage return': 'a\r',
  'a key with a NUL': '\u0000a',
  'a key with a control character': 'a\u001fb',
  'a key with a DEL': 'a\u007fb',
  'a key with a lone surrogate': 'a\ud800b',
}

export const KEY_RULES: Rules = {
  'takes keys of exactly 250 bytes': async ({ connect, key }) => {
    const store = await connect()
    const stem = key().padEnd(MAX_WIRE_KEY_BYTES - 1, 'k')
    await expectApart(store, [`${stem}a`, `${stem}b`])
  },
  'takes keys in any script': async ({ connect, key }) => {
    const store = await connect()
    const bytesLeft = MAX_WIRE_KEY_BYTES - Buffer.byteLength(key())
    const names = [
      'é',
      'e\u0301',
      'É',
      'ключ',
      '鍵',
      '\u{1f511}',
      '\u00a0',
      '\u0085',
      '\u2028',
      '\ufeff',
      '\u0080',
    ]
    // Alike in the low byte of their code unit.
    names.push('A', '\u0141')
    names.push('é'.repeat(Math.floor(bytesLeft / 2)), '\u{1f511}'.repeat(Math.floor(bytesLeft / 4)))
    await expectApart(store, names.map(key))
  },
  'tells keys apart by case and by every printable sign': async ({ connect, key }) => {
    const store = await connect()
    const signs = Array.from({ length: 0x7f - 0x21 }, (_, index) => String.fromCharCode(0x21 + index))
    await expectApart(
      store,
      [...signs, '{a}b', 'a{b}', '__proto__', 'a//b', 'a/../b', 'a%20b', 'a+b'].map(key),
    )
  },
  'refuses illegal keys with ERR_CACHE_KEY in every operation': async ({ connect, key }) => {
    const store = await connect()
    const version = await expectKept(store, key())
    for (const [what, illegal] of Object.entries(ILLEGAL)) {
      for (const [name, call] of Object.entries(operations(store, illegal, version))) {
        await expectCode(call, 'ERR_CACHE_KEY', `${name} of ${what}`)
      }
    }
  },
  'works on after illegal keys': async ({ connect, key }) => {
    const store = await connect()
    const version = await expectKept(store, key())
    for (const [what, illegal] of Object.entries(ILLEGAL)) {
      for (const [name, call] of Object.entries(operations(store, illegal, version))) {
        const refused = Promise.resolve()
          .then(call)
          .catch(() => {})
        const stored = await store.get(key())
        await refused
        assert.ok(stored !== undefined, `expected the next get to find its value after ${name} of ${what}`)
        assert.ok((await store.get(key())) !== undefined, `expected values to survive ${name} of ${what}`)
      }
    }
  },
}

async function expectKept(store: RemoteStore, key: string): Promise<object> {
  const frame = newFrame('kept')
  await store.set(key, frame, LONG)
  return expectHeld(store, key, frame)
}

/** Stores a value under each of the keys and reads all of them back. */
async function expectApart(store: RemoteStore, keys: readonly string[]): Promise<void> {
  const frames = keys.map(name => newFrame(name))
  await Promise.all(keys.map((name, index) => store.set(name, frames[index] as Uint8Array, LONG)))
  await Promise.all(keys.map((name, index) => expectHeld(store, name, frames[index] as Uint8Array)))
  const found = await store.getMany(keys)
  found.forEach((stored, index) => {
    const bytes = stored !== undefined && 'bytes' in stored ? Buffer.from(stored.bytes) : undefined
    assert.deepEqual(bytes, Buffer.from(frames[index] as Uint8Array), `getMany of ${keys[index]}`)
  })
  for (const name of keys) assert.equal(await store.delete(name), true, `delete of ${name}`)
}

function operations(
  store: RemoteStore,
  key: string,
  version: object,
): Record<string, () => Promise<unknown>> {
  const frame = newFrame('refused')
  return {
    get: () => store.get(key),
    getMany: () => store.getMany([key]),
    set: () => store.set(key, frame, LONG),
    add: () => store.add(key, frame, LONG),
    replace: () => store.replace(key, frame, LONG, version),
    delete: () => store.delete(key),
    'delete with a version': () => store.delete(key, version),
    deleteMany: () => store.deleteMany([key]),
    increment: () => store.increment(key, 1n, { initial: 0n, ttl: LONG }),
    ...(store.expire && { expire: async () => store.expire?.(key, new Uint8Array(8)) }),
  }
}
