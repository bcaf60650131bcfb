/** A source of numbers from 0 that tells what is done with it. */
export interface WatchedSource extends AsyncIterable<number> {
  /** How many items it has given out. */
  readonly pulled: number
  /** It has ended, or was told to. */
  readonly closed: boolean
}

/** A source of `size` items; `each` is called before each of them, and may wait or throw. */
export function watchedSource(
  size: number,
  each: (index: number) => unknown = () => undefined,
): WatchedSource {
  let pulled = 0
  let closed = false
  async function* items() {
    try {
      for (let index = 0; index < size; index++) {
        await each(index)
        pulled++
        yield index
      }
    } finally {
      closed = true
    }
  }
  const opened = items()
  return {
    [Symbol.asyncIterator]: () => opened,
    get pulled() {
      return pulled
    },
    get closed() {
      return closed
    },
  }
}
