import type { LoadManyContext } from '@lookaside/core'

/** A loader of many items whose calls end when the test says so. */
export interface HeldBatch<Item, V> {
  /** The loader to hand to `getOrSetMany`. */
  load(items: readonly Item[], context: LoadManyContext): Promise<(V | Error)[]>
  /** The items of each call, in the order of the calls. */
  readonly calls: (readonly Item[])[]
  /** What each call was told. */
  readonly told: LoadManyContext[]
  /** Resolves once the loader has been called. */
  readonly begun: Promise<void>
  /** Lets all calls, also later ones, return these values. */
  finish(rowOf: (item: Item) => V | Error): void
  /** Lets all calls, also later ones, reject. */
  fail(error: unknown): void
}

/**
 * A loader of many items that waits, so that a test can act while the load is in flight.
 *
 * @example
 * const held = heldBatch<string, string>()
 * const reading = cache.getOrSetMany(['a', 'b'], { key: item => item, load: held.load })
 * await held.begun
 * await cache.delete('a')
 * held.finish(item => `old ${item}`)
 */
export function heldBatch<Item, V>(): HeldBatch<Item, V> {
  const calls: (readonly Item[])[] = []
  const told: LoadManyContext[] = []
  let begin = () => {}
  const begun = new Promise<void>(resolve => {
    begin = resolve
  })
  let finish: (rowOf: (item: Item) => V | Error) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const end = new Promise<(item: Item) => V | Error>((resolve, reject) => {
    finish = resolve
    fail = reject
  })
  // Failing a load that nobody has called must not count as an unhandled rejection.
  end.catch(() => {})
  return {
    // Its two parameters say that it takes the context.
    async load(items, context) {
      calls.push(items)
      told.push(context)
      begin()
      const rowOf = await end
      return items.map(rowOf)
    },
    calls,
    told,
    begun,
    finish: rowOf => finish(rowOf),
    fail: error => fail(error),
  }
}
