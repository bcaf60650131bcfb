import type { ChangeBus, Milliseconds } from '@lookaside/core'
import { listening, mark, type Recording, untilHeard } from './recording.js'
import { type BusRules, type ChangeRuleContext, LONG, VALUE } from './rule.js'

/** The first lifetime that is tried; each further one is twice as long. */
const SHORT: Milliseconds = 500

const AWKWARD_KEYS = [
  'a',
  'A',
  'é',
  'e\u0301',
  '\u{1f40c}',
  '*',
  '?[a]{b}\\',
  '/%20+',
  '"\'`',
  '#:::',
  '__proto__',
]

export const CHANGE_RULES: BusRules<ChangeRuleContext> = {
  'tells of a key that is written for the first time': async context => {
    const recording = await listening(context, await context.connect(), context.topic())
    const key = `${context.topic()}a`
    await context.client.set(key, VALUE, LONG)
    await untilHeard(context, key, recording)
  },
  'tells of a key that is overwritten': async context => {
    await expectTold(context, key => context.client.set(key, Uint8Array.from(Buffer.from('other')), LONG))
  },
  'tells of a key that is deleted': async context => {
    await expectTold(context, key => context.client.delete(key))
  },
  'tells of a key that expires': async context => {
    const topic = context.topic()
    const recording = await listening(context, await context.connect(), topic)
    for (let ttl = SHORT; ; ttl *= 2) {
      const key = `${topic}${ttl}`
      const began = context.elapsed()
      await context.client.set(key, VALUE, ttl)
      await untilHeard(context, key, recording)
      await mark(context, topic, recording)
      const before = recording.heard(key)
      // On a machine that was busy elsewhere it may have expired by now: then nothing can be concluded.
      if (context.elapsed() - began >= ttl * 0.9) continue
      await context.pass(ttl)
      await context.until(() => recording.heard(key) > before, 'a change of a key that has expired')
      return
    }
  },
  'tells of each of many keys': async context => {
    const recording = await listening(context, await context.connect(), context.topic())
    const keys = Array.from({ length: 1_000 }, (_, index) => `${context.topic()}${index}`)
    await Promise.all(keys.map(key => context.client.set(key, VALUE, LONG)))
    await untilAll(context, recording, keys, 0)
    const before = recording.told.length
    await Promise.all(keys.map(key => context.client.delete(key)))
    await untilAll(context, recording, keys, before)
  },
  'names keys in any script as they are': async context => {
    const topic = context.topic()
    const recording = await listening(context, await context.connect(), topic)
    const longest = `${topic}${'k'.repeat(250 - topic.length)}`
    for (const key of [topic, longest, ...AWKWARD_KEYS.map(name => `${topic}${name}`)]) {
      await context.client.set(key, VALUE, LONG)
      await untilHeard(context, key, recording)
    }
  },
  'tells all processes, whichever prefixes they listen to': async context => {
    const [mine, yours] = [await context.connect(), await context.connect()]
    const [a, b] = [context.topic('a'), context.topic('b')]
    const [ofA, ofB] = [await listening(context, mine, a), await listening(context, mine, b)]
    const [inYoursOfA, inYoursOfB] = [await listening(context, yours, a), await listening(context, yours, b)]
    await mark(context, a, ofA, inYoursOfA)
    await mark(context, b, ofB, inYoursOfB)
  },
}

/** Fails unless a listener is told when `change` changes a key that is there. */
export async function expectTold(
  context: ChangeRuleContext,
  change: (key: string, bus: ChangeBus) => Promise<unknown>,
): Promise<void> {
  const bus = await context.connect()
  const topic = context.topic()
  const recording = await listening(context, bus, topic)
  const key = `${topic}a`
  await context.client.set(key, VALUE, LONG)
  await untilHeard(context, key, recording)
  // What comes after shows that the write itself is not told again.
  await mark(context, topic, recording)
  const before = recording.heard(key)
  await change(key, bus)
  await context.until(() => recording.heard(key) > before, `a listener to hear of the change of '${key}'`)
}

async function untilAll(
  context: ChangeRuleContext,
  recording: Recording,
  keys: readonly string[],
  from: number,
): Promise<void> {
  await context.until(() => {
    const heard = new Set(recording.told.slice(from).map(({ what }) => what))
    return keys.every(key => heard.has(key))
  }, `to hear of each of ${keys.length} keys`)
}
