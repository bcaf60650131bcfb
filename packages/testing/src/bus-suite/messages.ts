import assert from 'node:assert/strict'
import type { MessageBus } from '@lookaside/core'
import { listening, type Recording, untilHeard } from './recording.js'
import type { BusRuleContext, BusRules } from './rule.js'

type Context = BusRuleContext<MessageBus>

export const MESSAGE_RULES: BusRules<Context> = {
  'brings a sender its own messages': async context => {
    const bus = await context.connect()
    const recordings = [
      await listening(context, bus, context.topic()),
      await listening(context, bus, context.topic()),
    ]
    await bus.publish(context.topic(), bytesOf('mine'))
    await untilHeard(context, 'mine', ...recordings)
  },
  'brings messages of others': async context => {
    const [sender, receiver] = [await context.connect(), await context.connect()]
    await listening(context, sender, context.topic('sender'))
    const recording = await listening(context, receiver, context.topic())
    await sender.publish(context.topic(), bytesOf('yours'))
    await untilHeard(context, 'yours', recording)
  },
  'brings the messages of each sender in their order': async context => {
    const topic = context.topic()
    const senders = [await context.connect(), await context.connect()]
    const recordings: Recording[] = []
    for (const bus of [...senders, await context.connect()]) {
      recordings.push(await listening(context, bus, topic))
    }
    const sent = senders.map((_, sender) => Array.from({ length: 100 }, (_, index) => text(sender, index)))
    const published = sent[0]?.flatMap((_, index) =>
      senders.map((bus, sender) => bus.publish(topic, bytesOf(text(sender, index)))),
    )
    await Promise.all(published ?? [])
    for (const recording of recordings) {
      for (const messages of sent) await untilHeard(context, messages.at(-1) ?? '', recording)
      const heard = recording.told.filter(({ type }) => type === 'heard').map(({ what }) => what.slice(0, 8))
      for (const messages of sent) {
        const order = messages.map(each => each.slice(0, 8))
        assert.deepEqual(
          heard.filter(each => order.includes(each)),
          order,
          'expected every message of a sender, in the order in which they were published',
        )
      }
    }
  },
  'brings no message twice': async context => {
    const [bus, other] = [await context.connect(), await context.connect()]
    const topic = context.topic()
    await listening(context, other, topic)
    const ended = await listening(context, bus, topic)
    const recordings = [await listening(context, bus, topic)]
    await listening(context, bus, context.topic('other'))
    ended.end()
    recordings.push(await listening(context, bus, topic))
    for (const [index, sender] of [bus, other].entries()) {
      for (let round = 0; round < 20; round++) await sender.publish(topic, bytesOf(`${index}: ${round}`))
      // Comes after what the sender has published before, and so after its repetitions.
      await sender.publish(topic, bytesOf(`${index}: last`))
      await untilHeard(context, `${index}: last`, ...recordings)
    }
    for (const { told } of recordings) {
      const heard = told.filter(({ type }) => type === 'heard').map(({ what }) => what)
      assert.deepEqual(heard, [...new Set(heard)], 'expected each message once')
    }
  },
  'keeps channels apart': async context => {
    const [sender, receiver] = [await context.connect(), await context.connect()]
    await listening(context, sender, context.topic('sender'))
    const names = ['', 'a', 'A', 'ab', 'a:b', 'a*', '*', 'a?', '[ab]', 'é', 'e\u0301'].map(context.topic)
    const recordings: Recording[] = []
    for (const name of names) recordings.push(await listening(context, receiver, name))
    for (const [index, name] of names.entries()) {
      await sender.publish(name, bytesOf(`to ${index}`))
      await context.until(() => recordings[index]?.heard(`to ${index}`) === 1, `a message on '${name}'`)
    }
    // What each channel hears last shows that nothing else is on its way to it.
    for (const name of names) await sender.publish(name, bytesOf('last'))
    await untilHeard(context, 'last', ...recordings)
    for (const [index, { told }] of recordings.entries()) {
      const heard = told.filter(({ type }) => type === 'heard').map(({ what }) => what)
      assert.deepEqual(heard, [`to ${index}`, 'last'], `expected only its own messages on '${names[index]}'`)
    }
  },
  'brings what was published by a bus that is closed right after': async context => {
    const [sender, receiver] = [await context.connect(), await context.connect()]
    if (sender === receiver) return
    await listening(context, sender, context.topic('sender'))
    const recording = await listening(context, receiver, context.topic())
    await sender.publish(context.topic(), bytesOf('farewell'))
    await sender.close()
    await untilHeard(context, 'farewell', recording)
  },
  'either brings or refuses what a bus publishes that listens to nothing': async context => {
    const [sender, receiver] = [await context.connect(), await context.connect()]
    const recording = await listening(context, receiver, context.topic())
    const sent = await context.within(taken(sender.publish(context.topic(), bytesOf('hello'))), 'publish()')
    if (sent) await untilHeard(context, 'hello', recording)
  },
  'takes messages to a channel that nobody listens to': async context => {
    const bus = await context.connect()
    await listening(context, bus, context.topic())
    const published = bus.publish(context.topic('unheard'), bytesOf('hello'))
    assert.equal(await context.within(published, 'publish()'), undefined)
  },
  'refuses to publish after close()': async context => {
    const [bus, unheard] = [await context.connect(), await context.connect()]
    await listening(context, bus, context.topic())
    for (const each of [bus, unheard]) {
      await each.close()
      const sent = await context.within(taken(each.publish(context.topic(), bytesOf('late'))), 'publish()')
      assert.equal(sent, false, 'expected publish() to reject after close()')
    }
  },
}

/** Whether a message was taken, or else refused. */
function taken(published: Promise<void>): Promise<boolean> {
  return published.then(
    () => true,
    () => false,
  )
}

function text(sender: number, index: number): string {
  const padding = index % 10 === sender ? 'x'.repeat(16_384) : ''
  return `${sender} ${`${index}`.padStart(6, '0')}${padding}`
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}
