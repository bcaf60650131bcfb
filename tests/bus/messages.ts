import type { MessageBus, MessageListener } from '@lookaside/core'
import type { FaultyMessageBus } from '@lookaside/testing'

/** The channel of caches with the default prefix. */
export const CHANNEL = 'lookaside:#bus'

/** The messages that a process has published, as they are on the wire. */
export function publishedBy({ published }: FaultyMessageBus): Record<string, unknown>[] {
  return published.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>)
}

/** A message as another release, or somebody else, might send it. */
export function message(content: unknown): Uint8Array {
  return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
}

/** A bus of which the test decides what arrives, and when. */
export interface HandBus extends MessageBus {
  readonly listener: MessageListener
  /** What was published, oldest first; nothing of it arrives by itself. */
  readonly published: Uint8Array[]
}

export function handBus(): HandBus {
  const published: Uint8Array[] = []
  let heard: MessageListener | undefined
  return {
    kind: 'messages',
    name: 'by hand',
    published,
    get listener() {
      if (heard === undefined) throw new Error('nobody listens')
      return heard
    },
    listen(_channel, listener) {
      heard = listener
      return () => {}
    },
    async publish(_channel, bytes) {
      published.push(bytes)
    },
    async close() {},
  }
}
