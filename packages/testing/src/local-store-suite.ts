import assert from 'node:assert/strict'
import type { Entry, LocalStore } from '@lookaside/core'

/** What a local store's conformance suite needs. */
export interface LocalStoreSuiteOptions {
  /** The runner's test function: vitest's `test`, node:test's `test`, Mocha's `it`. */
  readonly test: (title: string, run: () => Promise<void>) => unknown
  /** Makes an empty store, with room for at least 20 entries, for each rule. */
  readonly create: () => LocalStore
}

/**
 * Registers one test for each rule of the local store contract.
 *
 * @example
 * import { localStoreSuite } from '@lookaside/testing'
 * import { test } from 'vitest'
 *
 * localStoreSuite({ test, create: () => lruStore({ maxEntries: 100 }) })
 */
export function localStoreSuite({ test, create }: LocalStoreSuiteOptions): void {
  for (const [title, rule] of Object.entries(RULES)) test(title, async () => rule(create()))
}

const RULES: Readonly<Record<string, (store: LocalStore) => void>> = {
  'says that it is local, and what it is called': store => {
    assert.equal(store.kind, 'local')
    assert.equal(typeof store.name, 'string')
    assert.notEqual(store.name, '')
  },
  'returns the very entry that was set': store => {
    const entry = entryOf({ nested: [1] })
    store.set('a', entry)
    assert.equal(store.get('a'), entry)
    assert.equal(store.get('a'), entry)
  },
  'keeps falsy values': store => {
    for (const value of [undefined, null, 0, '', false, Number.NaN]) {
      const entry = entryOf(value)
      store.set('a', entry)
      assert.equal(store.get('a'), entry)
    }
  },
  'returns undefined for a key that was never set': store => {
    store.set('a', entryOf(1))
    assert.equal(store.get('b'), undefined)
    assert.equal(store.get('__proto__'), undefined)
    assert.equal(store.get('constructor'), undefined)
  },
  'takes any text as a key': store => {
    const keys = ['', ' ', 'a b', '\n', '\u0000', '__proto__', 'é', '\u{1f40c}', 'x'.repeat(1_000)]
    const entries = keys.map(key => entryOf(key))
    keys.forEach((key, index) => void store.set(key, entries[index] as Entry<unknown>))
    assert.deepEqual(
      keys.map(key => store.get(key)?.value),
      keys,
    )
    assert.equal(store.size, keys.length)
  },
  'overwrites an entry': store => {
    const second = entryOf(2)
    store.set('a', entryOf(1))
    store.set('a', second)
    assert.equal(store.get('a'), second)
    assert.equal(store.size, 1)
  },
  'takes the size of an entry': store => {
    const entry = entryOf('x')
    store.set('a', entry, 1)
    assert.equal(store.get('a'), entry)
  },
  'tells whether a delete found an entry': store => {
    store.set('a', entryOf(undefined))
    assert.equal(store.delete('a'), true)
    assert.equal(store.delete('a'), false)
    assert.equal(store.delete('b'), false)
  },
  'forgets a deleted entry and no other': store => {
    const spared = entryOf(2)
    store.set('a', entryOf(1))
    store.set('b', spared)
    store.delete('a')
    assert.equal(store.get('a'), undefined)
    assert.equal(store.get('b'), spared)
  },
  'counts its entries': store => {
    assert.equal(store.size, 0)
    for (let index = 0; index < 10; index++) store.set(`k${index}`, entryOf(index))
    assert.equal(store.size, 10)
    store.delete('k0')
    store.delete('k0')
    assert.equal(store.size, 9)
  },
  'clears everything without a prefix': store => {
    for (const key of ['a', 'b:c', '']) store.set(key, entryOf(key))
    store.clear()
    assert.equal(store.size, 0)
    assert.equal(store.get('a'), undefined)
    store.set('a', entryOf(1))
    assert.equal(store.size, 1)
  },
  'clears the keys that start with a prefix and no others': store => {
    const spared = ['b:1', 'xa:1', 'a', 'A:1', '']
    for (const key of [...spared, 'a:1', 'a:b:2', 'a:']) store.set(key, entryOf(key))
    store.clear('a:')
    assert.deepEqual(
      ['a:1', 'a:b:2', 'a:'].map(key => store.get(key)),
      [undefined, undefined, undefined],
    )
    assert.deepEqual(
      spared.map(key => store.get(key)?.value),
      spared,
    )
    assert.equal(store.size, spared.length)
  },
  'takes a prefix literally': store => {
    for (const [prefix, other] of [
      ['a*:', 'ab:1'],
      ['a?:', 'ab:1'],
      ['a[b]:', 'ab:1'],
      ['a.:', 'ab:1'],
      ['a\\*:', 'a*:1'],
      ['^a:', 'a:1'],
    ] as const) {
      const spared = entryOf(other)
      store.set(other, spared)
      store.set(`${prefix}1`, entryOf(prefix))
      store.clear(prefix)
      assert.equal(store.get(`${prefix}1`), undefined, `clear('${prefix}') must delete '${prefix}1'`)
      assert.equal(store.get(other), spared, `clear('${prefix}') must spare '${other}'`)
    }
  },
  'never looks at the instants of an entry': store => {
    const dead: Entry<unknown> = { ...entryOf('dead'), createdAt: 0, staleAt: 0, deleteAt: 0 }
    store.set('a', dead)
    store.set('b', { ...dead, deleteAt: 1 })
    assert.equal(store.get('a'), dead)
    assert.equal(store.size, 2)
  },
}

function entryOf(value: unknown): Entry<unknown> {
  const createdAt = Date.UTC(2030, 0, 1)
  return {
    value,
    createdAt,
    loadTime: 5,
    staleAt: createdAt + 60_000,
    deleteAt: createdAt + 90_000,
    schemaVersion: 0,
  }
}
