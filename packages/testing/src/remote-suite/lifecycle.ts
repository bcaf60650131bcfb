import assert from 'node:assert/strict'
import type { RemoteStore } from '@lookaside/core'
import { newFrame } from '../frame-layout.js'
import { expectHeld, expectRejection } from './expectations.js'
import { LONG, type Rules } from './rule.js'

export const LIFECYCLE_RULES: Rules = {
  'answers a ping': async ({ connect }) => {
    const store = await connect()
    assert.equal(await store.ping(), undefined)
    assert.equal(await store.ping(), undefined)
  },
  'may be closed twice': async ({ connect }) => {
    const store = await connect()
    await store.ping()
    assert.equal(await store.close(), undefined)
    assert.equal(await store.close(), undefined)
  },
  'closes no connection but its own': async ({ connect, key }) => {
    const [mine, yours] = [await connect(), await connect()]
    const frame = newFrame()
    await mine.set(key(), frame, LONG)
    await mine.close()
    await expectHeld(yours, key(), frame)
  },
  'rejects operations after close': async ({ connect, key }) => {
    const store = await connect()
    const version = await seeded(store, key())
    await store.close()
    const frame = newFrame()
    const operations: Record<string, () => Promise<unknown>> = {
      get: () => store.get(key()),
      getMany: async () => rejectedSlots(await store.getMany([key()])),
      set: () => store.set(key(), frame, LONG),
      add: () => store.add(key('b'), frame, LONG),
      replace: () => store.replace(key(), frame, LONG, version),
      delete: () => store.delete(key()),
      deleteMany: () => store.deleteMany([key()]),
      increment: () => store.increment(key('c'), 1n, { initial: 0n, ttl: LONG }),
      ping: () => store.ping(),
      ...(store.expire && { expire: async () => store.expire?.(key(), new Uint8Array(8)) }),
      ...(store.clear && { clear: async () => store.clear?.(key()) }),
    }
    for (const [name, call] of Object.entries(operations)) await expectRejection(call, `${name} after close`)
  },
}

/** A store may report a closed connection as it does a dead server: in each of the slots. */
function rejectedSlots(slots: readonly unknown[]): void {
  for (const slot of slots) if (slot instanceof Error) throw slot
}

async function seeded(store: RemoteStore, key: string): Promise<object> {
  const frame = newFrame('seed')
  await store.set(key, frame, LONG)
  return expectHeld(store, key, frame)
}
