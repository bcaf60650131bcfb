import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { InvalidationBus } from '@lookaside/core'
import { listening, mark, type Recording, record } from './recording.js'
import type { BusRuleContext, BusRules } from './rule.js'

export const CLOSING_RULES: BusRules = {
  'tells nothing more once close() was called': async context => {
    const [bus, other] = [await context.connect(), await context.connect()]
    const topic = context.topic()
    const recordings = [
      await listening(context, bus, topic),
      await listening(context, bus, context.topic('other')),
    ]
    await mark(context, topic, ...recordings.slice(0, 1))
    await expectSilence(context, bus, { other, topic, recordings }, async () => {
      // Perhaps on its way when the bus is closed.
      const late = context.signal(topic).catch(() => {})
      await context.within(bus.close(), 'close()')
      await late
    })
  },
  'may be closed twice': async context => {
    const bus = await context.connect()
    const recording = await listening(context, bus, context.topic())
    const closings = [bus.close(), bus.close()]
    for (const closing of closings) assert.equal(await context.within(closing, 'close()'), undefined)
    assert.equal(await context.within(bus.close(), 'close()'), undefined)
    recording.end()
  },
  'may be closed before it is up, and when nobody ever listened': async context => {
    const unheard = await context.connect()
    await context.within(unheard.close(), 'close()')
    const [bus, other] = [await context.connect(), await context.connect()]
    const topic = context.topic()
    const recordings = bus === unheard ? [] : [record(bus, topic)]
    await expectSilence(context, bus, { other, topic, recordings }, async () => {
      await context.within(bus.close(), 'close()')
    })
  },
  'leaves other buses open when it is closed': async context => {
    const [mine, yours] = [await context.connect(), await context.connect()]
    // One that serves the whole process is closed for everybody in it.
    if (mine === yours) return
    const topic = context.topic()
    const recording = await listening(context, yours, topic)
    await listening(context, mine, topic)
    await context.within(mine.close(), 'close()')
    await mark(context, topic, recording)
    await mark(context, topic, recording, await listening(context, yours, topic))
  },
}

/** Fails if any of the listeners is told anything from when `close` is called on. */
export async function expectSilence(
  context: BusRuleContext,
  bus: InvalidationBus,
  { other, topic, recordings }: { other: InvalidationBus; topic: string; recordings: readonly Recording[] },
  close: () => Promise<void>,
): Promise<void> {
  const before = recordings.map(({ told }) => told.length)
  await close()
  if (other === bus) {
    for (let turn = 0; turn < 4; turn++) await setImmediate()
  } else {
    await mark(context, topic, await listening(context, other, topic))
  }
  const after = recordings.map(({ told }) => told.slice(before.shift()).map(({ type }) => type))
  assert.deepEqual(after.flat(), [], 'expected nothing to be told once close() was called')
}
