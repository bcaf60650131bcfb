import assert from 'node:assert/strict'
import { newFrame } from '../frame-layout.js'
import { expectBytes, expectHeld, expectLost, expectWon } from './expectations.js'
import { LONG, type Rules } from './rule.js'

export const MANY_RULES: Rules = {
  'reads many keys in their order, with gaps for missing ones': async ({ connect, key }) => {
    const store = await connect()
    const [a, b] = [newFrame('a'), newFrame('b')]
    await store.set(key('a'), a, LONG)
    await store.set(key('b'), b, LONG)
    const found = await store.getMany(['gone', 'b', 'none', 'a', 'missing'].map(key))
    assert.equal(found.length, 5)
    assert.deepEqual([found[0], found[2], found[4]], [undefined, undefined, undefined])
    expectBytes(found[1], b, 'the second of five')
    expectBytes(found[3], a, 'the fourth of five')
  },
  'reads a key as often as it is named': async ({ connect, key }) => {
    const store = await connect()
    const [a, b] = [newFrame('a'), newFrame('b')]
    await store.set(key('a'), a, LONG)
    await store.set(key('b'), b, LONG)
    const found = await store.getMany(['a', 'none', 'b', 'a', 'none', 'a'].map(key))
    assert.equal(found.length, 6)
    for (const index of [0, 3, 5]) expectBytes(found[index], a, `number ${index}`)
    expectBytes(found[2], b, 'number 2')
    assert.deepEqual([found[1], found[4]], [undefined, undefined])
  },
  'reads nothing for an empty list': async ({ connect }) => {
    const store = await connect()
    assert.deepEqual(await store.getMany([]), [])
  },
  'reads a single key': async ({ connect, key }) => {
    const store = await connect()
    const frame = newFrame('single')
    await store.set(key(), frame, LONG)
    const [found, ...rest] = await store.getMany([key()])
    expectBytes(found, frame, 'the only one')
    assert.deepEqual(rest, [])
  },
  'reads empty values among many, which are not absent ones': async ({ connect, key }) => {
    const store = await connect()
    await store.set(key('empty'), new Uint8Array(), LONG)
    const [none, empty] = await store.getMany([key('none'), key('empty')])
    assert.equal(none, undefined)
    expectBytes(empty, new Uint8Array(), 'the empty value')
  },
  'reads 1,000 keys': async ({ connect, key }) => {
    const store = await connect()
    const names = Array.from({ length: 1_000 }, (_, index) => key(`${index}`))
    const frames = names.map((_, index) => newFrame('x'.repeat(index % 300)))
    await Promise.all(names.map((name, index) => store.set(name, frames[index] as Uint8Array, LONG)))
    const found = await store.getMany(names)
    assert.equal(found.length, names.length)
    frames.forEach((frame, index) => void expectBytes(found[index], frame, `number ${index}`))
  },
  'returns versions of many keys that replace and delete accept': async ({ connect, key }) => {
    const store = await connect()
    const next = newFrame('next')
    await store.set(key('a'), newFrame('a'), LONG)
    await store.set(key('b'), newFrame('b'), LONG)
    await store.set(key('c'), newFrame('c'), LONG)
    const [a, b, c] = await store.getMany(['a', 'b', 'c'].map(key))
    assert.ok(a && b && c && 'version' in a && 'version' in b && 'version' in c, 'expected three values')
    expectWon(await store.replace(key('a'), next, LONG, a.version), 'a replace by a version from getMany')
    await expectHeld(store, key('a'), next)
    assert.equal(await store.delete(key('b'), b.version), true)
    const current = newFrame('current')
    await store.set(key('c'), current, LONG)
    expectLost(
      await store.replace(key('c'), next, LONG, c.version),
      'a replace by an old version from getMany',
    )
    await expectHeld(store, key('c'), current)
  },
}
