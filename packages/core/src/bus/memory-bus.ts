import { CacheError } from '../errors.js'
import type { MessageBus, MessageListener } from './bus.js'

/**
 * A bus within this process: for several caches with a local tier each, and for tests.
 *
 * Messages arrive in a later microtask, in order. It can't be down.
 *
 * @example
 * const bus = memoryBus()
 * const a = createCache({ store: [lruStore({ maxEntries: 1_000 }), redis], bus })
 * const b = createCache({ store: [lruStore({ maxEntries: 1_000 }), redis], bus })
 */
export function memoryBus(): MessageBus {
  const channels = new Map<string, Set<MessageListener>>()
  let closed = false

  /** Tells a listener in a later microtask, unless it has left by then. */
  function tell(channel: string, listener: MessageListener, what: () => void): void {
    queueMicrotask(() => {
      if (!closed && channels.get(channel)?.has(listener)) what()
    })
  }

  return {
    kind: 'messages',
    name: 'memory',
    listen(channel, given) {
      if (closed) throw gone()
      // One of its own per call, so that a listener may listen twice.
      const listener: MessageListener = {
        up: () => given.up(),
        down: cause => given.down(cause),
        flushed: () => given.flushed(),
        message: bytes => given.message(bytes),
      }
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners.add(listener))
      tell(channel, listener, () => listener.up())
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0 && channels.get(channel) === listeners) channels.delete(channel)
      }
    },
    async publish(channel, given) {
      if (closed) throw gone()
      // The sender may go on with its own.
      const message = Uint8Array.from(given)
      for (const listener of channels.get(channel) ?? []) {
        tell(channel, listener, () => listener.message(Uint8Array.from(message)))
      }
    },
    async close() {
      closed = true
      channels.clear()
    },
  }
}

function gone(): CacheError {
  return new CacheError('ERR_CACHE_CLOSED', 'the bus has been closed; make a new one')
}
