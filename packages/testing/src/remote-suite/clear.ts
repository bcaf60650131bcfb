import assert from 'node:assert/strict'
import type { RemoteStore } from '@lookaside/core'
import { newFrame } from '../frame-layout.js'
import { expectAbsent, expectHeld } from './expectations.js'
import { LONG, type RuleContext, type Rules } from './rule.js'

type Clear = NonNullable<RemoteStore['clear']>

/** Prefixes, each with a key that it would match as a pattern but does not begin. */
const PATTERNS = [
  ['a*:', 'axyz:1'],
  ['a*', 'axyz'],
  ['a?:', 'ax:1'],
  ['a[xy]:', 'ax:1'],
  ['a[^b]:', 'ax:1'],
  ['a[a-z]', 'ax'],
  ['a\\*:', 'a*:1'],
  ['a\\x:', 'ax:1'],
  ['a\\', 'b'],
  ['a[', 'b'],
  ['a.:', 'ax:1'],
  ['a{x,y}:', 'ax:1'],
] as const

export const CLEAR_RULES: Rules = {
  'clear, where there is one, deletes everything under a prefix and nothing else': async context => {
    await withClear(context, async (store, clear) => {
      const { key } = context
      const spared = ['b:1', 'a', 'A:1', `b:${key('a:')}1`]
      const names = ['a:', 'a:1', 'a:b:2', 'a:é', 'a:a:a:']
      await Promise.all([...names, ...spared].map(name => store.set(key(name), Buffer.from(name), LONG)))
      await store.increment(key('a:count'), 1n, { initial: 0n, ttl: LONG })
      await clear(key('a:'))
      for (const name of [...names, 'a:count']) await expectAbsent(store, key(name))
      for (const name of spared) await expectHeld(store, key(name), Buffer.from(name))
    })
  },
  'clear, where there is one, takes * ? [ ] and \\ in a prefix literally': async context => {
    await withClear(context, async (store, clear) => {
      const { key } = context
      for (const [prefix, other] of PATTERNS) {
        const frame = newFrame(other)
        await store.set(key(`${prefix}1`), newFrame(), LONG)
        await store.set(key(other), frame, LONG)
        await clear(key(prefix))
        const left = await store.get(key(`${prefix}1`))
        assert.ok(left === undefined, `expected clear('…${prefix}') to delete '…${prefix}1'`)
        await expectHeld(store, key(other), frame)
      }
    })
  },
  'clear, where there is one, deletes more than 1,000 keys': async context => {
    await withClear(context, async (store, clear) => {
      const names = Array.from({ length: 2_500 }, (_, index) => context.key(`many:${index}`))
      for (let start = 0; start < names.length; start += 500) {
        const batch = names.slice(start, start + 500)
        await Promise.all(batch.map(name => store.set(name, newFrame(), LONG)))
      }
      await clear(context.key('many:'))
      const left = (await store.getMany(names)).filter(stored => stored !== undefined)
      assert.equal(left.length, 0, `expected nothing to be left of 2,500 keys; found ${left.length}`)
    })
  },
  'clear, where there is one, finds nothing under an unused prefix': async context => {
    await withClear(context, async (store, clear) => {
      const frame = newFrame()
      await store.set(context.key('a'), frame, LONG)
      await clear(context.key('unused:'))
      await expectHeld(store, context.key('a'), frame)
    })
  },
}

/** `clear` is optional: a store that lacks it keeps these rules by having nothing to show. */
async function withClear(
  context: RuleContext,
  body: (store: RemoteStore, clear: Clear) => Promise<void>,
): Promise<void> {
  const store = await context.connect()
  // One that clears in part leaves what it can't list to the core.
  if (store.clear !== undefined && store.clearsInPart !== true) await body(store, store.clear.bind(store))
}
