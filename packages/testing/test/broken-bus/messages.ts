import type { MessageBus } from '@lookaside/core'
import { type BrokenBus, broken, tapped } from './broken-bus.js'

const ORDER = 'brings the messages of each sender in their order'
const TWICE = 'brings no message twice'
const APART = 'keeps channels apart'
const ALONE = 'either brings or refuses what a bus publishes that listens to nothing'
const UNHEARD = 'takes messages to a channel that nobody listens to'
const CLOSED = 'refuses to publish after close()'

const breaks = broken<MessageBus>

export const BROKEN_MESSAGES: readonly BrokenBus<MessageBus>[] = [
  breaks('brings a sender its own messages', 'it knows them already', bus => onlyFrom(bus, 'others')),
  breaks('brings messages of others', 'it never leaves the process', bus => onlyFrom(bus, 'itself')),
  breaks(ORDER, 'large ones take longer', bus => ({
    async publish(channel, bytes) {
      if (bytes.length > 1_000) await new Promise(resolve => setImmediate(resolve))
      return bus.publish(channel, bytes)
    },
  })),
  breaks(ORDER, 'it loses some', bus => {
    let count = 0
    return {
      publish: async (channel, bytes) => (++count % 7 === 0 ? undefined : bus.publish(channel, bytes)),
    }
  }),
  breaks(TWICE, 'it sends again what it is not sure of', bus => {
    let count = 0
    return {
      async publish(channel, bytes) {
        await bus.publish(channel, bytes)
        if (++count % 7 === 0) await bus.publish(channel, bytes)
      },
    }
  }),
  breaks(TWICE, 'it listens on the server for each listener', bus => {
    const listeners = new Map<string, number>()
    return tapped(bus, (listener, channel) => {
      listeners.set(channel, (listeners.get(channel) ?? 0) + 1)
      return {
        message(bytes) {
          for (let time = listeners.get(channel) ?? 0; time > 0; time--) listener.message(bytes)
        },
      }
    })
  }),
  breaks(APART, 'it folds case', bus => renaming(bus, channel => channel.toLowerCase())),
  breaks(APART, 'it normalises', bus => renaming(bus, channel => channel.normalize())),
  breaks(APART, 'there is only one', bus => renaming(bus, () => 'all')),
  breaks(APART, 'it listens to patterns', bus => ({
    listen(channel, listener) {
      const ends = [bus.listen(channel, listener)]
      const matched = channel.endsWith('a*:') && channel.replace('*', 'b')
      if (matched) ends.push(bus.listen(matched, { ...listener, up() {} }))
      return () => ends.forEach(end => void end())
    },
  })),
  breaks('brings what was published by a bus that is closed right after', 'it sends later', bus => {
    let closed = false
    return {
      async publish(channel, bytes) {
        if (closed) return bus.publish(channel, bytes)
        setImmediate(() => closed || void bus.publish(channel, bytes))
      },
      close() {
        closed = true
        return bus.close()
      },
    }
  }),
  breaks(ALONE, 'it has no connection and does not care', bus => alone(bus, async () => {})),
  breaks(ALONE, 'it waits for a connection that nobody asks for', bus =>
    alone(bus, () => new Promise(() => {})),
  ),
  breaks(UNHEARD, 'it refuses them', (bus, { opened }) => ({
    async publish(channel, bytes) {
      if (channel.endsWith('unheard:')) throw new Error(`none of ${opened.length} listens`)
      return bus.publish(channel, bytes)
    },
  })),
  breaks(UNHEARD, 'it passes the answer of the server on', bus => ({
    publish: async (channel, bytes) => (await bus.publish(channel, bytes)) ?? (0 as unknown as undefined),
  })),
  breaks(CLOSED, 'it drops them', bus => ({
    publish: (channel, bytes) => bus.publish(channel, bytes).catch(() => {}),
  })),
  breaks(CLOSED, 'it hangs', bus => ({
    publish: (channel, bytes) => bus.publish(channel, bytes).catch(() => new Promise(() => {})),
  })),
  breaks(CLOSED, 'it throws at once', bus => {
    let closed = false
    return {
      publish(channel, bytes) {
        if (closed) throw new Error('closed')
        return bus.publish(channel, bytes)
      },
      close() {
        closed = true
        return bus.close()
      },
    }
  }),
  breaks('carries any bytes', 'it sends text', bus => rewriting(bus, bytes => Buffer.from(`${bytes}`))),
  breaks('carries any bytes', 'it reads texts up to their end', bus =>
    rewriting(bus, bytes => bytes.subarray(0, (bytes.indexOf(0) + 1 || bytes.length + 1) - 1)),
  ),
  breaks('carries bytes in the middle of a buffer', 'it sends the buffer', bus =>
    rewriting(bus, bytes => new Uint8Array(bytes.buffer)),
  ),
  breaks('carries an empty message', 'it has nothing to send', bus => ({
    publish: async (channel, bytes) => (bytes.length === 0 ? undefined : bus.publish(channel, bytes)),
  })),
  breaks('carries a message of 64 KB', 'it has two bytes for the length', bus =>
    rewriting(bus, bytes => bytes.subarray(0, bytes.length % 65_536)),
  ),
  breaks('carries a message as it was when it was published', 'it keeps it to send it later', bus => ({
    publish: async (channel, bytes) => void setImmediate(() => void bus.publish(channel, bytes)),
  })),
  breaks('gives messages as a Uint8Array', 'it gives text', bus =>
    tapped(bus, listener => ({
      message: bytes => listener.message(Buffer.from(bytes).toString('latin1') as unknown as Uint8Array),
    })),
  ),
]

/** Hears only what it has published itself, or only what others have. */
function onlyFrom(bus: MessageBus, whom: 'itself' | 'others'): Partial<MessageBus> {
  const own = new Set<string>()
  return {
    ...tapped(bus, listener => ({
      message(bytes) {
        if (own.has(`${bytes}`) === (whom === 'itself')) listener.message(bytes)
      },
    })),
    publish(channel, bytes) {
      own.add(`${bytes}`)
      return bus.publish(channel, bytes)
    },
  }
}

function renaming(bus: MessageBus, rename: (channel: string) => string): Partial<MessageBus> {
  return {
    listen: (channel, listener) => bus.listen(rename(channel), listener),
    publish: (channel, bytes) => bus.publish(rename(channel), bytes),
  }
}

function rewriting(bus: MessageBus, rewrite: (bytes: Uint8Array) => Uint8Array): Partial<MessageBus> {
  return { publish: (channel, bytes) => bus.publish(channel, rewrite(bytes)) }
}

/** Publishes in another way until it is listened to. */
function alone(bus: MessageBus, publish: () => Promise<void>): Partial<MessageBus> {
  let listens = false
  return {
    listen(channel, listener) {
      listens = true
      return bus.listen(channel, listener)
    },
    publish: (channel, bytes) => (listens ? bus.publish(channel, bytes) : publish()),
  }
}
