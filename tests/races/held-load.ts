/** A loader whose calls begin and end when the test says so. */
export interface HeldLoad<V> {
  /** The loader to hand to `getOrSet`. */
  load(): Promise<V>
  /** Resolves once the loader has been called. */
  readonly begun: Promise<void>
  /** How often it has been called. */
  readonly calls: number
  /** Lets all calls, also later ones, return `value`. */
  finish(value: V): void
  /** Lets all calls, also later ones, reject. */
  fail(error: unknown): void
}

/**
 * A loader that waits, so that a test can act while a load is in flight.
 *
 * @example
 * const held = heldLoad<string>()
 * const reading = cache.getOrSet('a', held.load)
 * await held.begun
 * await cache.delete('a')
 * held.finish('old')
 */
export function heldLoad<V>(): HeldLoad<V> {
  const begin = deferred<void>()
  const end = deferred<V>()
  // Failing a load that nobody has called must not count as an unhandled rejection.
  end.promise.catch(() => {})
  let calls = 0
  return {
    load() {
      calls++
      begin.resolve()
      return end.promise
    },
    begun: begin.promise,
    get calls() {
      return calls
    },
    finish: end.resolve,
    fail: end.reject,
  }
}

interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> | undefined
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...(settle as Omit<Deferred<T>, 'promise'>) }
}
