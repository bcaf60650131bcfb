import { Abort } from './abort.js'

/** What is to be called when a signal aborts: one listener on the signal, however many wait. */
class Watch {
  readonly callbacks = new Set<() => void>()
  readonly call = () => {
    for (const callback of this.callbacks) callback()
  }
}

const watches = new WeakMap<AbortSignal, Watch>()

/** Calls back when the signal aborts; returns a function that calls it off. */
export function onAbort(signal: AbortSignal | Abort, callback: () => void): () => void {
  if (signal instanceof Abort) return signal.onAbort(callback)
  const watch = watches.get(signal) ?? new Watch()
  if (watch.callbacks.size === 0) {
    signal.addEventListener('abort', watch.call, { once: true })
    watches.set(signal, watch)
  }
  watch.callbacks.add(callback)
  return () => {
    if (watch.callbacks.delete(callback) && watch.callbacks.size === 0) {
      signal.removeEventListener('abort', watch.call)
    }
  }
}

/** Settles as `work` does, unless the signal aborts first: then it rejects with the signal's reason. */
export function abortable<T>(work: T | Promise<T>, signal: AbortSignal | Abort): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    const forget = onAbort(signal, () => reject(signal.reason))
    Promise.resolve(work).then(resolve, reject).finally(forget)
  })
}
