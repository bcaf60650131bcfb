import assert from 'node:assert/strict'
import type { Milliseconds, RemoteStore } from '@lookaside/core'
import { newFrame } from '../frame-layout.js'
import { expectAbsent, expectHeld, expectLost, expectWon } from './expectations.js'
import { LONG, type Rules } from './rule.js'

const DAY: Milliseconds = 86_400_000

/** Timers of a runtime may fire early by a rounding error. */
const MARGIN: Milliseconds = 50

/** A lifetime short enough to wait for, and long enough for a few operations on a busy machine. */
export function shortTtl(store: RemoteStore): Milliseconds {
  return Math.max(1_000, store.limits.ttlStep)
}

/** When a value of this ttl must be gone, counted from when its write was answered. */
export function goneAfter(store: RemoteStore, ttl: Milliseconds): Milliseconds {
  return ttl + 2 * store.limits.ttlStep + MARGIN
}

export const EXPIRY_RULES: Rules = {
  'keeps a value for the whole of its ttl': async ({ connect, key, pass, elapsed }) => {
    const store = await connect()
    const ttl = shortTtl(store)
    const writes: { name: string; began: Milliseconds }[] = []
    // At four phases of the store's clock: what is rounded down lives too short at some of them only.
    for (const name of ['first', 'second', 'third', 'fourth']) {
      writes.push({ name: key(name), began: elapsed() })
      await store.set(key(name), newFrame(), ttl)
      await pass(ttl / 5)
    }
    for (const { name, began } of writes) {
      await pass(Math.max(0, began + ttl * 0.9 - elapsed()))
      const stored = await store.get(name)
      const age = elapsed() - began
      // Past its ttl, on a machine that was busy elsewhere, nothing can be concluded.
      assert.ok(
        stored !== undefined || age >= ttl,
        `expected a value of ttl ${ttl} ms to be there after ${age} ms`,
      )
    }
  },
  'drops a value after its ttl and twice ttlStep, however it was stored': async ({ connect, key, pass }) => {
    const store = await connect()
    const ttl = shortTtl(store)
    const names = ['set', 'add', 'replace', 'increment'] as const
    await store.set(key('replace'), newFrame(), LONG)
    const read = await store.get(key('replace'))
    assert.ok(read !== undefined, 'expected the value to replace')
    await store.set(key('set'), newFrame(), ttl)
    const added = expectWon(await store.add(key('add'), newFrame(), ttl), 'an add')
    expectWon(await store.replace(key('replace'), newFrame(), ttl, read.version), 'a replace')
    await store.increment(key('increment'), 1n, { initial: 0n, ttl })
    await pass(goneAfter(store, ttl))
    for (const name of names) await expectAbsent(store, key(name))
    const found = await store.getMany(names.map(key))
    assert.deepEqual(found, [undefined, undefined, undefined, undefined])
    assert.equal(await store.delete(key('set')), false, 'expected delete to find nothing')
    expectLost(await store.replace(key('add'), newFrame(), LONG, added), 'a replace of an expired value')
    expectWon(await store.add(key('set'), newFrame(), LONG), 'an add after expiry')
  },
  'gives a key the ttl of its last set': async ({ connect, key, pass }) => {
    const store = await connect()
    const ttl = shortTtl(store)
    const kept = newFrame('longer')
    await store.set(key('longer'), newFrame(), ttl)
    await store.set(key('longer'), kept, LONG)
    await store.set(key('shorter'), newFrame(), LONG)
    await store.set(key('shorter'), newFrame(), ttl)
    await pass(goneAfter(store, ttl))
    await expectHeld(store, key('longer'), kept)
    await expectAbsent(store, key('shorter'))
  },
  'keeps the ttl of a value when an add or a replace loses': async ({ connect, key, pass }) => {
    const store = await connect()
    const ttl = shortTtl(store)
    await store.set(key('kept'), newFrame(), LONG)
    const old = await store.get(key('kept'))
    assert.ok(old !== undefined, 'expected a value')
    const kept = newFrame('kept')
    await store.set(key('kept'), kept, LONG)
    await store.set(key('dropped'), newFrame(), ttl)
    for (const [name, other] of [
      ['kept', ttl],
      ['dropped', LONG],
    ] as const) {
      expectLost(await store.add(key(name), newFrame(), other), 'an add of a present key')
      expectLost(
        await store.replace(key(name), newFrame(), other, old.version),
        'a replace by an old version',
      )
    }
    await pass(goneAfter(store, ttl))
    await expectHeld(store, key('kept'), kept)
    await expectAbsent(store, key('dropped'))
  },
  'takes a ttl of more than 30 days and of years': async ({ connect, key }) => {
    const store = await connect()
    for (const ttl of [30 * DAY, 30 * DAY + 1_000, 365 * DAY, 3_650 * DAY]) {
      const [set, added, replaced] = [newFrame('set'), newFrame('add'), newFrame('replace')]
      await store.set(key(`set-${ttl}`), set, ttl)
      const version = await expectHeld(store, key(`set-${ttl}`), set)
      expectWon(await store.replace(key(`set-${ttl}`), replaced, ttl, version), `a replace with ttl ${ttl}`)
      await expectHeld(store, key(`set-${ttl}`), replaced)
      await store.add(key(`add-${ttl}`), added, ttl)
      await expectHeld(store, key(`add-${ttl}`), added)
      await store.increment(key(`increment-${ttl}`), 1n, { initial: 0n, ttl })
      await expectHeld(store, key(`increment-${ttl}`), Buffer.from('1'))
    }
  },
  'takes a ttl with a fraction of a millisecond': async ({ connect, key, pass }) => {
    const store = await connect()
    const ttl = shortTtl(store) + 0.4
    const names = ['set', 'add', 'replace', 'increment'] as const
    const write = async (lifetime: Milliseconds) => {
      await store.set(key('set'), newFrame(), lifetime)
      await store.delete(key('add'))
      const version = expectWon(await store.add(key('add'), newFrame(), lifetime), 'an add')
      await store.set(key('replace'), newFrame(), LONG)
      const [read] = await store.getMany([key('replace')])
      assert.ok(read !== undefined && 'version' in read, 'expected the value to replace')
      expectWon(await store.replace(key('replace'), newFrame(), lifetime, read.version), 'a replace')
      await store.delete(key('increment'))
      await store.increment(key('increment'), 1n, { initial: 0n, ttl: lifetime })
      return version
    }
    await write(LONG + 0.4)
    for (const name of names)
      assert.ok((await store.get(key(name))) !== undefined, `expected a value by ${name}`)
    await write(ttl)
    await pass(goneAfter(store, ttl))
    for (const name of names) await expectAbsent(store, key(name))
  },
}
