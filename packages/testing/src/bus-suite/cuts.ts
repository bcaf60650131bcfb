import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MessageBus } from '@lookaside/core'
import type { BusCut } from '../bus-suite-options.js'
import { expectSilence } from './closing.js'
import { listening, type Recording, record, untilHeard, untilUp } from './recording.js'
import { type BusRuleContext, type BusRules, type ChangeRuleContext, LONG, VALUE } from './rule.js'

/** Rules for a bus whose connection can be cut, of either kind. */
export function cutRules({ cut, restore }: BusCut): BusRules {
  /** Cuts, and waits until all have been told; returns up to where they had been told before. */
  async function cutOff(context: BusRuleContext, ...recordings: readonly Recording[]): Promise<number[]> {
    const before = recordings.map(({ told }) => told.length)
    await cut()
    for (const [index, recording] of recordings.entries()) {
      await context.until(() => recording.count('down', before[index]) > 0, 'to be told down() after a cut')
    }
    return before
  }

  return {
    'tells of a cut by down(), and of its end by up()': async context => {
      const bus = await context.connect()
      const recordings = [
        await listening(context, bus, context.topic()),
        await listening(context, bus, context.topic()),
        await listening(context, bus, context.topic('other')),
      ]
      for (let round = 0; round < 2; round++) {
        const before = await cutOff(context, ...recordings)
        await restore()
        for (const [index, { told }] of recordings.entries()) {
          const types = () => told.slice(before[index]).map(({ type }) => type)
          const upAgain = () => types().lastIndexOf('up') > types().indexOf('down')
          await context.until(upAgain, 'to be told up() after a cut')
          const first = types().find(type => type === 'up' || type === 'down')
          assert.equal(first, 'down', 'expected down() before up()')
        }
      }
    },
    'tells of everything from the up() on that follows a cut': async context => {
      const bus = await context.connect()
      const topics = [context.topic(), context.topic('other')]
      for (const topic of topics) {
        const recording = await listening(context, bus, topic)
        const [before] = await cutOff(context, recording)
        await restore()
        await context.until(() => recording.count('up', before) > 0, 'to be told up() after a cut')
        for (let round = 0; round < 10; round++) {
          const what = await signalAgain(context, topic)
          await untilHeard(context, what, recording)
        }
        if (context.kind === 'changes') continue
        const heard = recording.told.filter(({ type }) => type === 'heard').map(({ what }) => what)
        assert.deepEqual(heard, [...new Set(heard)], 'expected each message once')
      }
    },
    'tells a listener that came during a cut that it is up, when it is': async context => {
      const bus = await context.connect()
      const early = await listening(context, bus, context.topic())
      await cutOff(context, early)
      const late = [record(bus, context.topic()), record(bus, context.topic('other'))]
      await restore()
      await untilUp(context, ...late)
      for (const [index, topic] of [context.topic(), context.topic('other')].entries()) {
        const what = await signalAgain(context, topic)
        await untilHeard(context, what, ...late.slice(index, index + 1))
      }
    },
    'comes up by itself when it was first listened to during a cut': async context => {
      await cut()
      const recording = record(await context.connect(), context.topic())
      await restore()
      await untilUp(context, recording)
      await untilHeard(context, await signalAgain(context, context.topic()), recording)
    },
    'tells nothing to a listener that was ended during a cut': async context => {
      const bus = await context.connect()
      const topic = context.topic()
      const ended = await listening(context, bus, topic)
      const stays = await listening(context, bus, topic)
      const [, before] = await cutOff(context, ended, stays)
      ended.end()
      const told = ended.told.length
      await restore()
      await context.until(() => stays.count('up', before) > 0, 'to be told up() after a cut')
      await untilHeard(context, await signalAgain(context, topic), stays)
      assert.deepEqual(ended.told.slice(told), [], 'expected nothing to be told to a listener that was ended')
    },
    'may be closed during a cut': async context => {
      const [bus, other] = [await context.connect(), await context.connect()]
      const topic = context.topic()
      const witness = await listening(context, other, topic)
      const recordings = [await listening(context, bus, topic)]
      const [before] = await cutOff(context, witness, ...recordings)
      await expectSilence(context, bus, { other, topic, recordings }, async () => {
        await context.within(bus.close(), 'close() during a cut')
        await restore()
        if (other !== bus) {
          await context.until(() => witness.count('up', before) > 0, 'to be told up() after a cut')
          await untilHeard(context, await signalAgain(context, topic), witness)
        }
      })
    },
  }
}

/** Rules for a bus of messages whose connection can be cut. */
export function messageCutRules({ cut, restore }: BusCut): BusRules<BusRuleContext<MessageBus>> {
  return {
    'takes or refuses what is published during a cut, and goes on afterwards': async context => {
      const bus = await context.connect()
      const topic = context.topic()
      const recording = await listening(context, bus, topic)
      const before = recording.told.length
      await cut()
      const published = bus.publish(topic, VALUE).catch(() => {})
      await context.within(published, 'publish() during a cut')
      await context.until(() => recording.count('down', before) > 0, 'to be told down() after a cut')
      await restore()
      await context.until(() => recording.count('up', before) > 0, 'to be told up() after a cut')
      await untilHeard(context, await publishAgain(context, bus, topic), recording)
    },
  }
}

/** Rules for a bus of changes whose connection can be cut. */
export function changeCutRules({ cut, restore }: BusCut): BusRules<ChangeRuleContext> {
  return {
    'misses no change during a cut without saying so': async context => {
      const topic = context.topic()
      const recording = await listening(context, await context.connect(), topic)
      for (const key of [`${topic}a`, `${topic}b`, `${topic}c`]) {
        const before = recording.told.length
        await cut()
        // The client may be cut off as well: it is answered when the cut is over.
        const changed = context.client.set(key, VALUE, LONG).then(
          () => true,
          () => false,
        )
        await Promise.race([changed, sleep(50)])
        await restore()
        if (!(await context.within(changed, 'a change during a cut'))) continue
        const toldOf = () => recording.heard(key) > 0 || recording.count('up', before) > 0
        await context.until(toldOf, 'to hear of a change during a cut, or of the cut itself')
      }
    },
  }
}

/** After a cut the sender may take a while longer than those who listen. */
async function signalAgain(context: BusRuleContext, topic: string): Promise<string> {
  return firstToSucceed(context, () => context.signal(topic))
}

async function publishAgain(
  context: BusRuleContext<MessageBus>,
  bus: MessageBus,
  topic: string,
): Promise<string> {
  let attempts = 0
  return firstToSucceed(context, async () => {
    const what = `attempt ${++attempts}`
    await bus.publish(topic, Uint8Array.from(Buffer.from(what)))
    return what
  })
}

async function firstToSucceed(context: BusRuleContext, attempt: () => Promise<string>): Promise<string> {
  let over = false
  async function trying(): Promise<string> {
    while (true) {
      try {
        return await attempt()
      } catch (error) {
        if (over) throw error
        await sleep(10)
      }
    }
  }
  try {
    return await context.within(trying(), 'sending after a cut')
  } finally {
    over = true
  }
}
