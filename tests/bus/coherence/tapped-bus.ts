import type { ChangeBus, MessageBus } from '@lookaside/core'
import type { Knowledge } from './oracle.js'

/** What a process has told so far. */
export interface Told {
  source: string | undefined
  number: number
}

function headOf(bytes: Uint8Array): { source: string; number: number } {
  return JSON.parse(Buffer.from(bytes).toString())
}

/** Notes what a process tells, and what reaches it. */
export function tappedMessages(bus: MessageBus, knowledge: Knowledge, told: Told): MessageBus {
  return {
    ...bus,
    listen: (channel, listener) =>
      bus.listen(channel, {
        up() {
          knowledge.knowsAll()
          listener.up()
        },
        down(cause) {
          knowledge.knowsAll()
          listener.down(cause)
        },
        flushed: () => listener.flushed(),
        message(bytes) {
          const { source, number } = headOf(bytes)
          if (source !== told.source) knowledge.heard(source, number)
          listener.message(bytes)
        },
      }),
    publish(channel, bytes) {
      Object.assign(told, headOf(bytes))
      return bus.publish(channel, bytes)
    },
  }
}

export function tappedChanges(bus: ChangeBus, knowledge: Knowledge): ChangeBus {
  return {
    ...bus,
    listen: (prefix, listener) =>
      bus.listen(prefix, {
        ...listener,
        up() {
          knowledge.knowsAll()
          listener.up()
        },
        down(cause) {
          knowledge.knowsAll()
          listener.down(cause)
        },
      }),
  }
}

/** Counts anew what reaches a process, so that it misses no number: it can't know that something was lost. */
export function withoutGaps(bus: MessageBus): MessageBus {
  const numbers = new Map<string, number>()
  return {
    ...bus,
    listen: (channel, listener) =>
      bus.listen(channel, {
        up: () => listener.up(),
        down: cause => listener.down(cause),
        flushed: () => listener.flushed(),
        message(bytes) {
          const message = JSON.parse(Buffer.from(bytes).toString())
          const tells = ['keys', 'tags', 'clear'].includes(message.type)
          const number = (numbers.get(message.source) ?? 0) + (tells ? 1 : 0)
          numbers.set(message.source, number)
          listener.message(Buffer.from(JSON.stringify({ ...message, number })))
        },
      }),
  }
}
