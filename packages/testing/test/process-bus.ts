import type { MessageBus } from '@lookaside/core'

/** The bus of one of several processes on a shared one: closing it leaves the others open. */
export function processBus(shared: MessageBus): MessageBus {
  const ends = new Set<() => void>()
  let closed = false
  return {
    kind: 'messages',
    name: 'process',
    listen(channel, listener) {
      const end = shared.listen(channel, listener)
      ends.add(end)
      return end
    },
    async publish(channel, message) {
      if (closed) throw new Error('closed')
      return shared.publish(channel, message)
    },
    async close() {
      closed = true
      for (const end of ends) end()
    },
  }
}
