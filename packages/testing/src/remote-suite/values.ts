import assert from 'node:assert/strict'
import { newFrame } from '../frame-layout.js'
import { expectBytes, expectCode, expectHeld, expectWon } from './expectations.js'
import { LONG, type Rules } from './rule.js'

/** Where a store takes more than this, its largest value would cost the tests too much memory. */
const LARGEST_TRIED = 8_388_608
const LARGE = 1_048_576

export const VALUE_RULES: Rules = {
  'declares its kind, a name and its limits': async ({ connect }) => {
    const store = await connect()
    assert.equal(store.kind, 'remote')
    assert.ok(typeof store.name === 'string' && store.name !== '', 'expected a name')
    const { maxValueBytes, ttlStep } = store.limits
    assert.ok(maxValueBytes >= 1_024, `expected maxValueBytes of 1,024 or more; received ${maxValueBytes}`)
    assert.ok(ttlStep > 0 && ttlStep <= 60_000, `expected a ttlStep from 0 to 60,000 ms; received ${ttlStep}`)
  },
  'stores and returns all 256 byte values': async ({ connect, key }) => {
    const store = await connect()
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await store.set(key(), bytes, LONG)
    await expectHeld(store, key(), bytes)
  },
  'stores an empty value, which is not an absent one': async ({ connect, key }) => {
    const store = await connect()
    const empty = new Uint8Array()
    await store.set(key(), empty, LONG)
    const version = await expectHeld(store, key(), empty)
    expectWon(await store.replace(key(), empty, LONG, version), 'a replace of an empty value')
    assert.equal(await store.delete(key()), true)
  },
  'stores a view of a larger buffer as no more than the view': async ({ connect, key }) => {
    const store = await connect()
    const view = newFrame('before and after').subarray(3, 20)
    await store.set(key(), view, LONG)
    await expectHeld(store, key(), view.slice())
  },
  'stores the largest value that its limits allow': async ({ connect, key }) => {
    const store = await connect()
    const max = store.limits.maxValueBytes
    const bytes = newFrame(new Uint8Array((max <= LARGEST_TRIED ? max : LARGE) - 16).fill(7))
    await store.set(key('set'), bytes, LONG)
    const version = await expectHeld(store, key('set'), bytes)
    expectWon(await store.replace(key('set'), bytes, LONG, version), 'a replace by the largest value')
    expectWon(await store.add(key('add'), bytes, LONG), 'an add of the largest value')
    await expectHeld(store, key('add'), bytes)
  },
  'refuses a value of one byte more than its limits allow and keeps what was there': async ({
    connect,
    key,
  }) => {
    const store = await connect()
    const tooLarge = new Uint8Array(store.limits.maxValueBytes + 1)
    const old = newFrame('old')
    await store.set(key(), old, LONG)
    const version = await expectHeld(store, key(), old)
    const refused = 'ERR_CACHE_TOO_LARGE'
    await expectCode(() => store.set(key(), tooLarge, LONG), refused, 'a set of a too large value')
    await expectHeld(store, key(), old)
    await expectCode(
      () => store.replace(key(), tooLarge, LONG, version),
      refused,
      'a replace by a too large value',
    )
    await expectHeld(store, key(), old)
    await expectCode(() => store.add(key('new'), tooLarge, LONG), refused, 'an add of a too large value')
    await expectHeld(store, key(), old)
  },
  'returns undefined for a key that is not there': async ({ connect, key }) => {
    const store = await connect()
    assert.equal(await store.get(key()), undefined)
  },
  'overwrites a value by set': async ({ connect, key }) => {
    const store = await connect()
    const [long, short] = [newFrame('a long value'), newFrame('short')]
    await store.set(key(), long, LONG)
    await store.set(key(), short, LONG)
    await expectHeld(store, key(), short)
  },
  'shows every connection what another one stored': async ({ connect, key }) => {
    const [mine, yours] = [await connect(), await connect()]
    const frame = newFrame('shared')
    await mine.set(key(), frame, LONG)
    await expectHeld(yours, key(), frame)
    await yours.delete(key())
    assert.equal(await mine.get(key()), undefined)
  },
  'keeps what it stored when the bytes given to it change later': async ({ connect, key }) => {
    const store = await connect()
    const given = newFrame('given')
    const before = given.slice()
    await store.set(key('set'), given, LONG)
    const added = expectWon(await store.add(key('add'), given, LONG), 'an add')
    given.fill(0)
    await expectHeld(store, key('set'), before)
    await expectHeld(store, key('add'), before)
    const replaced = newFrame('replaced')
    const after = replaced.slice()
    const version = expectWon(
      await store.replace(key('add'), replaced, LONG, added),
      'a replace of what add stored',
    )
    replaced.fill(0)
    await expectHeld(store, key('add'), after)
    expectWon(await store.replace(key('add'), before, LONG, version), 'a replace of what replace stored')
  },
  'keeps what it stored when the bytes it returned change later': async ({ connect, key }) => {
    const store = await connect()
    const frame = newFrame('returned')
    await store.set(key(), frame, LONG)
    const first = await store.get(key())
    expectBytes(first, frame, 'the first read')
    first.bytes.fill(0)
    const [second] = await store.getMany([key()])
    expectBytes(second, frame, 'the second read')
    second.bytes.fill(0)
    await expectHeld(store, key(), frame)
  },
  'answers each of many operations at once with its own result': async ({ connect, key }) => {
    const store = await connect()
    const frames = Array.from({ length: 100 }, (_, index) => newFrame(`${index}`.repeat(index)))
    await Promise.all(frames.map((frame, index) => store.set(key(`${index}`), frame, LONG)))
    const reads = frames.map(async (frame, index) => {
      const [one, missing, [many], added] = await Promise.all([
        store.get(key(`${index}`)),
        store.get(key(`missing-${index}`)),
        store.getMany([key(`${index}`)]),
        store.add(key(`${index}`), newFrame(), LONG),
      ])
      expectBytes(one, frame, `get ${index}`)
      expectBytes(many, frame, `getMany ${index}`)
      assert.equal(missing, undefined)
      assert.equal(added, undefined)
    })
    await Promise.all(reads)
  },
}
