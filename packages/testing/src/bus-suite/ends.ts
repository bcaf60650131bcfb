import assert from 'node:assert/strict'
import { listening, mark, type Recording, record, untilUp } from './recording.js'
import type { BusRules } from './rule.js'

export const END_RULES: BusRules = {
  'tells a listener nothing once it was ended': async context => {
    const [bus, other] = [await context.connect(), await context.connect()]
    const topic = context.topic()
    const first = await listening(context, bus, topic)
    const last = await listening(context, bus, topic)
    const witness = await listening(context, other, topic)
    first.end()
    const toLast = await mark(context, topic, last, witness)
    last.end()
    const toNone = await mark(context, topic, witness)
    // What comes after shows that nothing is on its way any more.
    const again = await listening(context, bus, topic)
    const toAgain = await mark(context, topic, again, witness)
    for (const what of [toLast, toNone, toAgain]) expectUnheard(first, what)
    for (const what of [toNone, toAgain]) expectUnheard(last, what)
  },
  'tells nothing at all to a listener that is ended at once': async context => {
    const bus = await context.connect()
    const topic = context.topic()
    const ended = [record(bus, topic)]
    ended[0]?.end()
    const stays = await listening(context, bus, topic)
    ended.push(record(bus, topic))
    ended[1]?.end()
    await mark(context, topic, stays)
    for (const { told } of ended) assert.deepEqual(told, [], 'expected nothing to be told')
  },
  'tells a listener nothing once another one has ended it': async context => {
    const bus = await context.connect()
    const topic = context.topic()
    const pair: Recording[] = []
    // Each ends the other when it hears something: only the one that is told first ever does.
    for (const other of [1, 0]) {
      pair.push(record(bus, topic, ({ type }) => void (type === 'heard' && pair[other]?.end())))
    }
    const witness = await listening(context, bus, topic)
    await untilUp(context, ...pair)
    await mark(context, topic, witness)
    await mark(context, topic, witness)
    const counts = pair.map(recording => recording.count('heard'))
    assert.equal(Math.min(...counts), 0, 'expected nothing to be heard by a listener that another had ended')
    assert.ok(Math.max(...counts) > 1, 'expected the listener that ended the other to hear on')
  },
  'takes a listener that listens twice for two': async context => {
    const bus = await context.connect()
    const topic = context.topic()
    const recording = await listening(context, bus, topic)
    const endSecond = bus.listen(topic, recording.listener)
    await context.until(() => recording.count('up') > 1, 'up() for each time that it listens')
    const twice = await context.signal(topic)
    await context.until(() => recording.heard(twice) > 1, 'a listener to hear as often as it listens')
    endSecond()
    endSecond()
    await mark(context, topic, recording)
    recording.end()
    const witness = await listening(context, bus, topic)
    expectUnheard(recording, await mark(context, topic, witness))
  },
  'is heard again after its last listener was ended': async context => {
    const bus = await context.connect()
    const topic = context.topic()
    const first = await listening(context, bus, topic)
    first.end()
    const second = await listening(context, bus, topic)
    expectUnheard(first, await mark(context, topic, second))
    second.end()
    // Now with time to leave the server in between.
    const elsewhere = await listening(context, bus, context.topic('elsewhere'))
    await mark(context, context.topic('elsewhere'), elsewhere)
    const third = await listening(context, bus, topic)
    const what = await mark(context, topic, third)
    for (const ended of [first, second]) expectUnheard(ended, what)
  },
}

function expectUnheard(recording: Recording, what: string): void {
  assert.equal(recording.heard(what), 0, `expected a listener that was ended not to hear '${what}'`)
}
