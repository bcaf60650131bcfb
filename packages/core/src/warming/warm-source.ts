import { CacheError, quote } from '../errors.js'

/** The items of an iterable, pulled one by one. */
export interface WarmSource {
  /** How many there are, where the source tells. */
  readonly total: number | undefined
  /** The next item; `undefined` at the end. */
  next(): Promise<{ readonly item: unknown } | undefined>
  /** Tells a source that has not ended that no more is wanted of it. */
  close(): Promise<void>
}

/** @throws CacheError `ERR_CACHE_OPTION` for what can't be iterated. */
export function openWarmSource(source: unknown): WarmSource {
  const iterator = iteratorOf(source)
  // One that ends, or that throws, closes itself.
  let open = true
  return {
    total: sizeOf(source),
    async next() {
      open = false
      const result = await iterator.next()
      if (result.done === true) return undefined
      open = true
      return { item: result.value }
    },
    async close() {
      if (!open) return
      open = false
      await iterator.return?.()
    },
  }
}

function iteratorOf(source: unknown): Iterator<unknown> | AsyncIterator<unknown> {
  if (typeof source === 'object' && source !== null) {
    const { [Symbol.asyncIterator]: toAsync, [Symbol.iterator]: toSync } = source as Partial<
      AsyncIterable<unknown> & Iterable<unknown>
    >
    if (typeof toAsync === 'function') return toAsync.call(source)
    if (typeof toSync === 'function') return toSync.call(source)
  }
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `warm takes its items from an iterable or async iterable, such as an array or what a generator function returns; received ${quote(source)}`,
  )
}

function sizeOf(source: unknown): number | undefined {
  if (Array.isArray(source)) return source.length
  return source instanceof Set || source instanceof Map ? source.size : undefined
}
