import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { RemoteStore } from '@lookaside/core'
import { expiredFrame, FRAME_STATE, newFrame } from '../frame-layout.js'
import { expectAbsent, expectHeld, expectLost, expectWon } from './expectations.js'
import { goneAfter, shortTtl } from './expiry.js'
import { LONG, type RuleContext, type Rules } from './rule.js'

type Expire = NonNullable<RemoteStore['expire']>

export const EXPIRE_RULES: Rules = {
  'expire, where there is one, leaves an absent key absent': async context => {
    await withExpire(context, async (store, expire) => {
      await expire(context.key(), randomBytes(8))
      await expectAbsent(store, context.key())
    })
  },
  'expire, where there is one, gives a value the expired state and the random bits': async context => {
    await withExpire(context, async (store, expire) => {
      for (const payload of ['', 'payload', 'x'.repeat(10_000)]) {
        const frame = newFrame(payload)
        const bits = randomBytes(8)
        await store.set(context.key(), frame, LONG)
        await expire(context.key(), bits)
        await expectHeld(store, context.key(), expiredFrame(frame, bits))
      }
    })
  },
  'expire, where there is one, gives an expired value new random bits': async context => {
    await withExpire(context, async (store, expire) => {
      const frame = newFrame('payload', FRAME_STATE.expired)
      const bits = randomBytes(8)
      await store.set(context.key(), frame, LONG)
      await expire(context.key(), bits)
      await expectHeld(store, context.key(), expiredFrame(frame, bits))
    })
  },
  'expire, where there is one, voids the versions of before': async context => {
    await withExpire(context, async (store, expire) => {
      const frame = newFrame('payload')
      const bits = randomBytes(8)
      const added = expectWon(await store.add(context.key(), frame, LONG), 'an add')
      const read = await expectHeld(store, context.key(), frame)
      await expire(context.key(), bits)
      for (const version of [added, read]) {
        const late = await store.replace(context.key(), newFrame('late'), LONG, version)
        expectLost(late, 'a replace by a version of before the expire')
        assert.equal(await store.delete(context.key(), version), false, 'expected delete to lose as well')
      }
      const current = await expectHeld(store, context.key(), expiredFrame(frame, bits))
      expectWon(
        await store.replace(context.key(), newFrame('next'), LONG, current),
        'a replace by the version since',
      )
    })
  },
  'expire, where there is one, keeps the ttl': async context => {
    await withExpire(context, async (store, expire) => {
      const ttl = shortTtl(store)
      const frame = newFrame('long')
      const bits = randomBytes(8)
      await store.set(context.key('short'), newFrame(), ttl)
      await store.set(context.key('long'), frame, LONG)
      await expire(context.key('short'), bits)
      await expire(context.key('long'), bits)
      await context.pass(goneAfter(store, ttl))
      await expectAbsent(store, context.key('short'))
      await expectHeld(store, context.key('long'), expiredFrame(frame, bits))
    })
  },
  'expire, where there is one, deletes a marker': async context => {
    await withExpire(context, async (store, expire) => {
      for (const state of [FRAME_STATE.marker, FRAME_STATE.open, FRAME_STATE.write]) {
        const claim = expectWon(await store.add(context.key(), newFrame('', state), LONG), 'a claim')
        await expire(context.key(), randomBytes(8))
        await expectAbsent(store, context.key())
        expectLost(await store.replace(context.key(), newFrame(), LONG, claim), 'a commit after the expire')
      }
    })
  },
  'expire, where there is one, deletes what is no frame': async context => {
    await withExpire(context, async (store, expire) => {
      const cut = newFrame().subarray(0, 15)
      const disguised = newFrame()
      disguised[1] = 0x4d
      for (const bytes of [Buffer.from('plain text, longer than a head'), new Uint8Array(), cut, disguised]) {
        await store.set(context.key(), bytes, LONG)
        await expire(context.key(), randomBytes(8))
        await expectAbsent(store, context.key())
      }
    })
  },
  'expire, where there is one, touches no other key': async context => {
    await withExpire(context, async (store, expire) => {
      const frame = newFrame('other')
      await store.set(context.key('a'), newFrame(), LONG)
      await store.set(context.key('ab'), frame, LONG)
      await expire(context.key('a'), randomBytes(8))
      await expectHeld(store, context.key('ab'), frame)
    })
  },
}

/** `expire` is optional: a store that lacks it keeps these rules by having nothing to show. */
async function withExpire(
  context: RuleContext,
  body: (store: RemoteStore, expire: Expire) => Promise<void>,
): Promise<void> {
  const store = await context.connect()
  if (store.expire !== undefined) await body(store, store.expire.bind(store))
}
