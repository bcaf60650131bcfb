import assert from 'node:assert/strict'
import type { RemoteStore, Version } from '@lookaside/core'
import { newFrame } from '../frame-layout.js'
import { expectAbsent, expectHeld, expectLost, expectWon } from './expectations.js'
import { LONG, type Rules } from './rule.js'

export const COMPARE_AND_SET_RULES: Rules = {
  'adds only where nothing is': async ({ connect, key }) => {
    const store = await connect()
    const first = newFrame('first')
    expectWon(await store.add(key(), first, LONG), 'the first add')
    expectLost(await store.add(key(), newFrame('second'), LONG), 'the second add')
    await expectHeld(store, key(), first)
  },
  'does not add over an empty value': async ({ connect, key }) => {
    const store = await connect()
    await store.set(key(), new Uint8Array(), LONG)
    expectLost(await store.add(key(), newFrame(), LONG), 'an add over an empty value')
    await expectHeld(store, key(), new Uint8Array())
  },
  'adds again after a delete': async ({ connect, key }) => {
    const store = await connect()
    const second = newFrame('second')
    await store.add(key(), newFrame('first'), LONG)
    await store.delete(key())
    expectWon(await store.add(key(), second, LONG), 'an add after a delete')
    await expectHeld(store, key(), second)
  },
  'replaces by the version that add returned': async ({ connect, key }) => {
    const store = await connect()
    const second = newFrame('second')
    const version = expectWon(await store.add(key(), newFrame('first'), LONG), 'an add')
    expectWon(await store.replace(key(), second, LONG, version), 'a replace by the version of the add')
    await expectHeld(store, key(), second)
  },
  'replaces by the version that get returned': async ({ connect, key }) => {
    const store = await connect()
    const second = newFrame('second')
    const version = await stored(store, key(), newFrame('first'))
    expectWon(await store.replace(key(), second, LONG, version), 'a replace by the version read')
    await expectHeld(store, key(), second)
  },
  'replaces by the version that replace returned': async ({ connect, key }) => {
    const store = await connect()
    const third = newFrame('third')
    const first = await stored(store, key(), newFrame('first'))
    const second = expectWon(await store.replace(key(), newFrame('second'), LONG, first), 'the first replace')
    expectWon(await store.replace(key(), third, LONG, second), 'the second replace')
    await expectHeld(store, key(), third)
  },
  'replaces by the version of what another connection set': async ({ connect, key }) => {
    const [mine, yours] = [await connect(), await connect()]
    const [first, second] = [newFrame('first'), newFrame('second')]
    await yours.set(key(), first, LONG)
    const version = await expectHeld(mine, key(), first)
    expectWon(
      await mine.replace(key(), second, LONG, version),
      'a replace over the write of another connection',
    )
    await expectHeld(yours, key(), second)
  },
  'replaces bytes that are no frame, telling them apart to their end': async ({ connect, key }) => {
    const store = await connect()
    const text = (end: string) => Buffer.from(`the same first sixteen bytes and ${end}`)
    const old = await stored(store, key(), text('one'))
    const version = await stored(store, key(), text('two'))
    expectLost(
      await store.replace(key(), text('three'), LONG, old),
      'a replace by the version of other bytes',
    )
    await expectHeld(store, key(), text('two'))
    expectWon(await store.replace(key(), text('three'), LONG, version), 'a replace by the version read')
    await expectHeld(store, key(), text('three'))
  },
  'tells short values apart from those they begin': async ({ connect, key }) => {
    const store = await connect()
    for (const [before, after] of [
      ['', 'a'],
      ['a', 'ab'],
      ['ab', 'a'],
      ['a', ''],
    ] as const) {
      const version = await stored(store, key(), Buffer.from(before))
      await store.set(key(), Buffer.from(after), LONG)
      expectLost(await store.replace(key(), newFrame(), LONG, version), `'${before}' against '${after}'`)
      await expectHeld(store, key(), Buffer.from(after))
    }
  },
  'refuses an older version and changes nothing': async ({ connect, key }) => {
    const store = await connect()
    const current = newFrame('current')
    const old = await stored(store, key(), newFrame('old'))
    await stored(store, key(), current)
    expectLost(await store.replace(key(), newFrame('late'), LONG, old), 'a replace by an older version')
    await expectHeld(store, key(), current)
  },
  'refuses a version that its own replace has used up': async ({ connect, key }) => {
    const store = await connect()
    const current = newFrame('current')
    const used = await stored(store, key(), newFrame('old'))
    expectWon(await store.replace(key(), current, LONG, used), 'the first replace')
    expectLost(await store.replace(key(), newFrame('late'), LONG, used), 'the second replace by one version')
    await expectHeld(store, key(), current)
  },
  'refuses a version after another connection has written': async ({ connect, key }) => {
    const [mine, yours] = [await connect(), await connect()]
    const current = newFrame('yours')
    const version = await stored(mine, key(), newFrame('mine'))
    await yours.set(key(), current, LONG)
    expectLost(await mine.replace(key(), newFrame('late'), LONG, version), 'a replace after a foreign set')
    await expectHeld(mine, key(), current)
  },
  'never brings a deleted key back by replace': async ({ connect, key }) => {
    const [mine, yours] = [await connect(), await connect()]
    const added = expectWon(await mine.add(key('add'), newFrame(), LONG), 'an add')
    const read = await stored(mine, key('set'), newFrame())
    await yours.delete(key('add'))
    await yours.deleteMany([key('set')])
    expectLost(await mine.replace(key('add'), newFrame(), LONG, added), 'a replace of a deleted key')
    expectLost(await mine.replace(key('set'), newFrame(), LONG, read), 'a replace of a deleted key')
    await expectAbsent(mine, key('add'))
    await expectAbsent(mine, key('set'))
  },
  'refuses the version of before a delete when something was set or added since': async ({
    connect,
    key,
  }) => {
    const store = await connect()
    for (const name of ['set', 'add'] as const) {
      const old = await stored(store, key(name), newFrame('the same payload'))
      const current = newFrame('the same payload')
      await store.delete(key(name))
      await store[name](key(name), current, LONG)
      expectLost(
        await store.replace(key(name), newFrame(), LONG, old),
        `a replace after a delete and ${name}`,
      )
      await expectHeld(store, key(name), current)
    }
  },
  'refuses the version of one key at another': async ({ connect, key }) => {
    const store = await connect()
    const frame = newFrame('b')
    const version = await stored(store, key('a'), newFrame('a'))
    await store.set(key('b'), frame, LONG)
    expectLost(
      await store.replace(key('b'), newFrame(), LONG, version),
      'a replace by the version of another key',
    )
    assert.equal(await store.delete(key('b'), version), false)
    await expectHeld(store, key('b'), frame)
  },
  'lets exactly one of many adds win': async ({ connect, key }) => {
    const connections = [await connect(), await connect(), await connect()]
    for (let round = 0; round < 5; round++) {
      const name = key(`${round}`)
      const frames = Array.from({ length: 12 }, (_, index) => newFrame(`${index}`))
      const versions = await Promise.all(
        frames.map((frame, index) => (connections[index % 3] as RemoteStore).add(name, frame, LONG)),
      )
      const winners = frames.filter((_, index) => versions[index] !== undefined)
      assert.equal(winners.length, 1, `expected one of 12 adds to win; ${winners.length} did`)
      await expectHeld(connections[0] as RemoteStore, name, winners[0] as Uint8Array)
    }
  },
  'lets exactly one of many replaces by one version win': async ({ connect, key }) => {
    const connections = [await connect(), await connect(), await connect()]
    const first = newFrame('first')
    await (connections[0] as RemoteStore).set(key(), first, LONG)
    const read = await Promise.all(connections.map(store => expectHeld(store, key(), first)))
    const frames = Array.from({ length: 12 }, (_, index) => newFrame(`${index}`))
    const versions = await Promise.all(
      frames.map((frame, index) =>
        (connections[index % 3] as RemoteStore).replace(key(), frame, LONG, read[index % 3] as Version),
      ),
    )
    const winners = frames.filter((_, index) => versions[index] !== undefined)
    assert.equal(winners.length, 1, `expected one of 12 replaces to win; ${winners.length} did`)
    await expectHeld(connections[0] as RemoteStore, key(), winners[0] as Uint8Array)
  },
  'loses no update of those who read and replace in a loop': async ({ connect, key }) => {
    const [first, second] = [await connect(), await connect()]
    await first.set(key(), newFrame('0'), LONG)
    const rounds = 8
    await Promise.all([first, second, first, second].map(store => countUp(store, key(), rounds)))
    const end = await first.get(key())
    assert.equal(end && payload(end.bytes), `${4 * rounds}`, 'expected the sum of all increments')
  },
}

/** Sets `bytes` and returns the version to read there. */
async function stored(store: RemoteStore, key: string, bytes: Uint8Array): Promise<Version> {
  await store.set(key, bytes, LONG)
  return expectHeld(store, key, bytes)
}

async function countUp(store: RemoteStore, key: string, rounds: number): Promise<void> {
  for (let done = 0; done < rounds; ) {
    const read = await store.get(key)
    assert.ok(read !== undefined, 'expected the count to stay there')
    const next = newFrame(`${Number(payload(read.bytes)) + 1}`)
    if ((await store.replace(key, next, LONG, read.version)) !== undefined) done++
  }
}

function payload(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(16)).toString()
}
