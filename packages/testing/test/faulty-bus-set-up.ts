import { type MessageBus, memoryBus } from '@lookaside/core'
import { type FaultyMessageBus, faultyBus, ManualClock } from '@lookaside/testing'

/** What a listener was told, in words. */
export function listen(
  bus: MessageBus,
  channel = 'a',
): { readonly told: string[]; readonly end: () => void } {
  const told: string[] = []
  const end = bus.listen(channel, {
    up: () => void told.push('up'),
    down: cause => void told.push(cause instanceof Error ? `down: ${cause.message}` : 'down'),
    flushed: () => void told.push('flushed'),
    message: bytes => void told.push(`${Buffer.from(bytes)}`),
  })
  return { told, end }
}

/** Lets everything that is on its way arrive. */
export async function settle(): Promise<void> {
  await new ManualClock().advance(0)
}

export async function setUp(): Promise<{
  shared: MessageBus
  bus: FaultyMessageBus
  told: string[]
  end: () => void
}> {
  const shared = memoryBus()
  const bus = faultyBus(shared)
  const { told, end } = listen(bus)
  await settle()
  told.length = 0
  return { shared, bus, told, end }
}

export async function send(bus: MessageBus, ...messages: readonly string[]): Promise<void> {
  for (const message of messages) await bus.publish('a', Buffer.from(message))
  await settle()
}
