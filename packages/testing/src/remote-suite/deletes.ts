import assert from 'node:assert/strict'
import { FRAME_STATE, newFrame } from '../frame-layout.js'
import { expectAbsent, expectHeld, expectWon } from './expectations.js'
import { LONG, type Rules } from './rule.js'

export const DELETE_RULES: Rules = {
  'tells whether a delete found a value': async ({ connect, key }) => {
    const store = await connect()
    await store.set(key(), newFrame(), LONG)
    assert.equal(await store.delete(key()), true, 'expected the first delete to find a value')
    assert.equal(await store.delete(key()), false, 'expected the second delete to find none')
    assert.equal(await store.delete(key('never')), false)
  },
  'deletes one key and no other': async ({ connect, key }) => {
    const store = await connect()
    const spared = newFrame('spared')
    await store.set(key('a'), newFrame(), LONG)
    await store.set(key('ab'), spared, LONG)
    await store.delete(key('a'))
    await expectAbsent(store, key('a'))
    await expectHeld(store, key('ab'), spared)
  },
  'deletes by a version only the bytes it names': async ({ connect, key }) => {
    const store = await connect()
    const [first, second] = [newFrame('first'), newFrame('second')]
    const version = expectWon(await store.add(key(), first, LONG), 'an add')
    assert.equal(
      await store.delete(key(), version),
      true,
      'expected a delete by the current version to find it',
    )
    await expectAbsent(store, key())
    await store.set(key(), second, LONG)
    assert.equal(
      await store.delete(key(), version),
      false,
      'expected a delete by an old version to find nothing',
    )
    const current = await expectHeld(store, key(), second)
    assert.equal(await store.delete(key(), current), true, 'expected a delete by the version read to find it')
    await expectAbsent(store, key())
  },
  'finds nothing to delete by a version where nothing is': async ({ connect, key }) => {
    const store = await connect()
    const version = expectWon(await store.add(key(), newFrame(), LONG), 'an add')
    await store.delete(key())
    assert.equal(await store.delete(key(), version), false)
  },
  'releases no claim but its own': async ({ connect, key }) => {
    const [mine, yours] = [await connect(), await connect()]
    const lost = expectWon(await mine.add(key(), newFrame('mine', FRAME_STATE.marker), LONG), 'my claim')
    await mine.delete(key())
    const marker = newFrame('yours', FRAME_STATE.marker)
    const held = expectWon(await yours.add(key(), marker, LONG), 'your claim')
    assert.equal(
      await mine.delete(key(), lost),
      false,
      'expected the release of a lost claim to find nothing',
    )
    await expectHeld(yours, key(), marker)
    const value = newFrame('value')
    const committed = expectWon(await yours.replace(key(), value, LONG, held), 'the commit of the claim held')
    assert.equal(
      await yours.delete(key(), held),
      false,
      'expected the release of a used claim to find nothing',
    )
    await expectHeld(mine, key(), value)
    assert.equal(await yours.delete(key(), committed), true)
  },
  'deletes many keys, present and missing ones': async ({ connect, key }) => {
    const store = await connect()
    const spared = newFrame('spared')
    const names = Array.from({ length: 1_000 }, (_, index) => key(`${index}`))
    await Promise.all(
      names.map((name, index) => (index % 2 === 0 ? store.set(name, newFrame(), LONG) : undefined)),
    )
    await store.set(key('spared'), spared, LONG)
    await store.deleteMany([...names, key('0'), key('missing')])
    assert.ok(
      (await store.getMany(names)).every(stored => stored === undefined),
      'expected all to be deleted',
    )
    await expectHeld(store, key('spared'), spared)
    await store.deleteMany(names)
  },
  'deletes nothing for an empty list': async ({ connect, key }) => {
    const store = await connect()
    const frame = newFrame()
    await store.set(key(), frame, LONG)
    await store.deleteMany([])
    await expectHeld(store, key(), frame)
  },
}
