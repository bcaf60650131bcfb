import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InvalidationBus, MessageBus, Milliseconds } from '@lookaside/core'
import type { ChangeBusSuiteOptions, MessageBusSuiteOptions } from '../bus-suite-options.js'
import { listening } from './recording.js'
import { type BusRuleContext, type ChangeRuleContext, LONG, VALUE } from './rule.js'
import { until, within } from './waiting.js'

/** What a rule has opened, to be closed after it, and how long it may wait. */
export interface OpenedBuses {
  readonly buses: Set<InvalidationBus>
  readonly deadline: Milliseconds
}

/** For a rule about a bus of messages: signals come from a process of their own. */
export function messageRuleContext(
  { create }: MessageBusSuiteOptions,
  opened: OpenedBuses,
): BusRuleContext<MessageBus> {
  let sender: Promise<MessageBus> | undefined
  let signals = 0
  const context: BusRuleContext<MessageBus> = {
    kind: 'messages',
    ...surroundings(create, opened),
    async signal(topic) {
      sender ??= openSender()
      const bus = await sender
      const what = `signal ${++signals}`
      await bus.publish(topic, Uint8Array.from(Buffer.from(what)))
      return what
    },
  }
  async function openSender(): Promise<MessageBus> {
    const bus = await context.connect()
    await listening(context, bus, context.topic('signals'))
    return bus
  }
  return context
}

/** For a rule about a bus of changes: signals are keys that the client writes. */
export function changeRuleContext(
  { create, client, advance }: ChangeBusSuiteOptions,
  opened: OpenedBuses,
): ChangeRuleContext {
  let advanced: Milliseconds = 0
  let signals = 0
  return {
    kind: 'changes',
    ...surroundings(create, opened),
    client,
    async signal(topic) {
      const key = `${topic}signal-${++signals}`
      await client.set(key, VALUE, LONG)
      return key
    },
    async pass(ms) {
      advanced += ms
      await (advance === undefined ? sleep(ms) : advance(ms))
    },
    elapsed: () => (advance === undefined ? performance.now() : advanced),
  }
}

function surroundings<B extends InvalidationBus>(
  create: () => B | Promise<B>,
  { buses, deadline }: OpenedBuses,
): Omit<BusRuleContext<B>, 'kind' | 'signal'> {
  const prefix = `conformance:${randomBytes(8).toString('hex')}:`
  return {
    async connect() {
      const bus = await create()
      buses.add(bus)
      return bus
    },
    topic: (name = 'topic') => `${prefix}${name}:`,
    until: (condition, expected) => until(condition, deadline, expected),
    within: (work, what) => within(work, deadline, what),
  }
}
