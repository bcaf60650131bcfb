import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { listening, mark, type Recording, record, untilHeard, untilUp } from './recording.js'
import type { BusRules } from './rule.js'

export const UP_RULES: BusRules = {
  'says of which kind it is, and has a name without credentials': async ({ connect, kind }) => {
    const bus = await connect()
    assert.equal(bus.kind, kind)
    assert.equal(typeof bus.name, 'string')
    assert.notEqual(bus.name, '')
    assert.doesNotMatch(bus.name, /\/\/[^/]*@/, `expected a name without credentials; found '${bus.name}'`)
  },
  'tells a listener that it is up': async context => {
    await listening(context, await context.connect(), context.topic())
  },
  'tells a listener that comes later that it is up': async context => {
    const bus = await context.connect()
    await listening(context, bus, context.topic())
    await untilUp(context, record(bus, context.topic()), record(bus, context.topic('other')))
    await listening(context, bus, context.topic())
  },
  'never calls a listener before listen() has returned': async context => {
    const bus = await context.connect()
    const nested: Recording[] = []
    const first = record(bus, context.topic(), ({ type }) => {
      if (type === 'up' && nested.length === 0) nested.push(record(bus, context.topic('nested')))
    })
    await untilUp(context, first)
    // By now the bus knows that it is up: there is nothing that it would have to wait for.
    const later = [record(bus, context.topic()), record(bus, context.topic('other'))]
    await untilUp(context, ...later, ...nested)
    for (const { early, told } of [first, ...nested, ...later]) {
      assert.ok(!early, `expected no call before listen() had returned; was told ${told[0]?.type}()`)
    }
  },
  'says up() before it tells of anything': async context => {
    const topic = context.topic()
    await context.signal(topic)
    let over = false
    const traffic = (async () => {
      for (; !over; await setImmediate()) await context.signal(topic)
    })()
    traffic.catch(() => {})
    try {
      const bus = await context.connect()
      for (const recording of [record(bus, topic), record(bus, topic)]) {
        await context.until(() => recording.count('heard') > 0, 'a listener to hear of what goes on')
        assert.equal(recording.told.find(({ type }) => type !== 'down')?.type, 'up', 'up() must come first')
      }
    } finally {
      over = true
      await traffic
    }
  },
  'tells of everything from up() on': async context => {
    await context.signal(context.topic('unheard'))
    const bus = await context.connect()
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) {
      const topic = context.topic(name)
      const signals: Promise<string>[] = []
      const recording = record(bus, topic, ({ type }) => {
        if (type !== 'up') return
        const signal = context.signal(topic)
        signal.catch(() => {})
        signals.push(signal)
      })
      await untilUp(context, recording)
      for (const what of await Promise.all(signals)) await untilHeard(context, what, recording)
    }
  },
  'tells all who listen, in one process and in others': async context => {
    const [mine, yours] = [await context.connect(), await context.connect()]
    const topic = context.topic()
    const recordings = [
      await listening(context, mine, topic),
      await listening(context, mine, topic),
      await listening(context, yours, topic),
    ]
    await mark(context, topic, ...recordings)
    await mark(context, topic, ...recordings)
  },
}
