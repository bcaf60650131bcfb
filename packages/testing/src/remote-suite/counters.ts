import assert from 'node:assert/strict'
import type { RemoteStore } from '@lookaside/core'
import { newFrame } from '../frame-layout.js'
import { expectAbsent, expectCode, expectHeld, expectLost } from './expectations.js'
import { goneAfter, shortTtl } from './expiry.js'
import { LONG, type Rules } from './rule.js'

const MAX = 2n ** 63n - 1n

export const COUNTER_RULES: Rules = {
  'counts a missing key as initial and then adds': async ({ connect, key }) => {
    const store = await connect()
    assert.equal(await store.increment(key('a'), 3n, { initial: 10n, ttl: LONG }), 13n)
    assert.equal(await store.increment(key('a'), 4n, { initial: 10n, ttl: LONG }), 17n)
    assert.equal(await store.increment(key('a'), 0n, { initial: 10n, ttl: LONG }), 17n)
    assert.equal(await store.increment(key('b'), 0n, { initial: 7n, ttl: LONG }), 7n)
    assert.equal(await store.increment(key('c'), -3n, { initial: 10n, ttl: LONG }), 7n)
    assert.equal(await store.increment(key('a'), 1n, { initial: 0n, ttl: LONG }), 18n)
  },
  'counts down and stops at 0': async ({ connect, key }) => {
    const store = await connect()
    const count = (by: bigint) => store.increment(key(), by, { initial: 5n, ttl: LONG })
    assert.deepEqual(
      [await count(-2n), await count(-2n), await count(-2n), await count(-2n)],
      [3n, 1n, 0n, 0n],
    )
    assert.equal(await count(2n), 2n)
    assert.equal(await store.increment(key('new'), -9n, { initial: 5n, ttl: LONG }), 0n)
    await expectHeld(store, key('new'), Buffer.from('0'))
  },
  'shows a counter as plain digits, also after it became shorter': async ({ connect, key }) => {
    const store = await connect()
    for (const [before, by, after] of [
      [9n, 1n, '10'],
      [10n, -1n, '9'],
      [100n, -1n, '99'],
      [1_000_000n, -999_999n, '1'],
      [12n, -12n, '0'],
    ] as const) {
      const name = key(`${before}`)
      await store.increment(name, before, { initial: 0n, ttl: LONG })
      await store.increment(name, by, { initial: 0n, ttl: LONG })
      await expectHeld(store, name, Buffer.from(after))
    }
  },
  'counts on from digits that were set': async ({ connect, key }) => {
    const store = await connect()
    await store.set(key(), Buffer.from('41'), LONG)
    assert.equal(await store.increment(key(), 1n, { initial: 0n, ttl: LONG }), 42n)
    await expectHeld(store, key(), Buffer.from('42'))
  },
  'counts exactly up to 2^63 - 1': async ({ connect, key }) => {
    const store = await connect()
    for (const start of [2n ** 32n - 1n, 2n ** 53n, MAX - 1n]) {
      const name = key(`${start}`)
      assert.equal(await store.increment(name, start, { initial: 0n, ttl: LONG }), start)
      assert.equal(await store.increment(name, 1n, { initial: 0n, ttl: LONG }), start + 1n)
      await expectHeld(store, name, Buffer.from(`${start + 1n}`))
    }
    assert.equal(await store.increment(key('down'), 0n, { initial: MAX, ttl: LONG }), MAX)
    assert.equal(await store.increment(key('down'), -MAX + 1n, { initial: 0n, ttl: LONG }), 1n)
  },
  'refuses to count past 2^63 - 1 and keeps the counter': async ({ connect, key }) => {
    const store = await connect()
    const count = (name: string, by: bigint, initial: bigint) =>
      store.increment(key(name), by, { initial, ttl: LONG })
    for (const [start, by] of [
      [MAX, 1n],
      [MAX, MAX],
      [2n, MAX - 1n],
    ] as const) {
      const name = `${start}-${by}`
      await count(name, start, 0n)
      await expectCode(() => count(name, by, 0n), 'ERR_CACHE_COUNTER', `${start} + ${by}`)
      await expectHeld(store, key(name), Buffer.from(`${start}`))
    }
    await expectCode(() => count('new', 1n, MAX), 'ERR_CACHE_COUNTER', 'a new counter past 2^63 - 1')
    await expectAbsent(store, key('new'))
  },
  'refuses to count what is no number and keeps it': async ({ connect, key }) => {
    const store = await connect()
    const values = [
      newFrame('frame'),
      ...['', 'abc', '-1', '1.5', '12abc', '1e3', '5 apples', '007', '+5', `${MAX + 1n}`].map(asBytes),
    ]
    for (const [index, bytes] of values.entries()) {
      const name = key(`${index}`)
      await store.set(name, bytes, LONG)
      for (const by of [1n, -1n]) {
        const what = `${by} at '${Buffer.from(bytes).toString('latin1')}'`
        await expectCode(
          () => store.increment(name, by, { initial: 0n, ttl: LONG }),
          'ERR_CACHE_COUNTER',
          what,
        )
        await expectHeld(store, name, bytes)
      }
    }
  },
  'gives a counter its ttl when it creates it and never again': async ({ connect, key, pass }) => {
    const store = await connect()
    const ttl = shortTtl(store)
    await store.increment(key('short'), 1n, { initial: 0n, ttl })
    await store.increment(key('short'), 1n, { initial: 0n, ttl: LONG })
    await store.increment(key('short'), -1n, { initial: 0n, ttl: LONG })
    await store.increment(key('long'), 1n, { initial: 0n, ttl: LONG })
    await store.increment(key('long'), 1n, { initial: 0n, ttl })
    await store.increment(key('long'), -1n, { initial: 0n, ttl })
    await pass(goneAfter(store, ttl))
    await expectAbsent(store, key('short'))
    await expectHeld(store, key('long'), Buffer.from('1'))
  },
  'loses no count of several connections, up or down': async ({ connect, key }) => {
    const connections = [await connect(), await connect()]
    const count = (by: bigint) =>
      Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          (connections[index % 2] as RemoteStore).increment(key(), by, { initial: 5n, ttl: LONG }),
        ),
      )
    const steps = (first: bigint) => Array.from({ length: 60 }, (_, index) => first + 2n * BigInt(index))
    assert.deepEqual(ascending(await count(2n)), steps(7n), 'expected each count up to be returned once')
    await expectHeld(connections[0] as RemoteStore, key(), Buffer.from('125'))
    assert.deepEqual(ascending(await count(-2n)), steps(5n), 'expected each count down to be returned once')
    await expectHeld(connections[1] as RemoteStore, key(), Buffer.from('5'))
  },
  'gives a counter another version with each count': async ({ connect, key }) => {
    const store = await connect()
    await store.increment(key(), 1n, { initial: 0n, ttl: LONG })
    const version = await expectHeld(store, key(), Buffer.from('1'))
    await store.increment(key(), 1n, { initial: 0n, ttl: LONG })
    expectLost(
      await store.replace(key(), newFrame(), LONG, version),
      'a replace by the version of an older count',
    )
    assert.equal(await store.delete(key(), version), false)
    await expectHeld(store, key(), Buffer.from('2'))
  },
}

function ascending(counts: readonly bigint[]): bigint[] {
  return [...counts].sort((a, b) => Number(a - b))
}

function asBytes(text: string): Uint8Array {
  return Buffer.from(text)
}
