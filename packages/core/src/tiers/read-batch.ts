import { atMost, pieces } from '../at-most.js'
import type { RemoteStore, Stored } from './store.js'
import { asCacheError, type StoreCalls } from './store-calls.js'

/** One read of one key that is under way; shared by the callers that asked for it in the same tick. */
interface Waiting {
  readonly promise: Promise<Stored | undefined>
  readonly resolve: (stored: Stored | undefined) => void
  readonly reject: (error: unknown) => void
}

/** Most keys of one request, so that a large batch does not hold up the connection. */
const LARGEST_BATCH = 512

/** Enough to keep the connection busy. */
const BATCHES_AT_ONCE = 2

/**
 * Joins the reads of one tick: many keys travel as one multi-get, one key asked for many times is read once,
 * and a lone read goes out as a plain get.
 *
 * A read is shared only until it has been sent; whoever asks after that may know of a newer invalidation.
 */
export class ReadBatch {
  readonly #calls: StoreCalls
  #waiting = new Map<string, Waiting>()

  constructor(calls: StoreCalls) {
    this.#calls = calls
  }

  read(at: string): Promise<Stored | undefined> {
    const waiting = this.#waiting.get(at)
    if (waiting !== undefined) return waiting.promise
    let settle: Omit<Waiting, 'promise'> | undefined
    const promise = new Promise<Stored | undefined>((resolve, reject) => {
      settle = { resolve, reject }
    })
    if (this.#waiting.size === 0) process.nextTick(this.#send)
    this.#waiting.set(at, { promise, ...(settle as Omit<Waiting, 'promise'>) })
    return promise
  }

  readonly #send = (): void => {
    const batch = [...this.#waiting]
    this.#waiting = new Map()
    if (batch.length === 1) {
      const [at, waiting] = batch[0] as [string, Waiting]
      this.#calls.run('get', [at], store => store.get(at)).then(waiting.resolve, waiting.reject)
      return
    }
    // Each piece has a deadline of its own, which begins when it is sent.
    let broken: unknown
    void atMost(BATCHES_AT_ONCE, pieces(batch, LARGEST_BATCH), async piece => {
      if (broken === undefined) broken = await this.#sendMany(piece)
      else rejectAll(piece, broken)
    })
  }

  /** Resolves to what failed, where all of the batch has. */
  async #sendMany(batch: readonly (readonly [string, Waiting])[]): Promise<unknown> {
    const keys = batch.map(([at]) => at)
    try {
      const answers = await this.#calls.run('getMany', keys, store => getMany(store, keys))
      for (const [index, [at, waiting]] of batch.entries()) {
        const answer = answers[index]
        if (answer instanceof Error) {
          const error = asCacheError(answer, this.#calls.store.name, 'getMany')
          this.#calls.report('getMany', [at], error)
          waiting.reject(error)
        } else {
          waiting.resolve(answer)
        }
      }
      return undefined
    } catch (error) {
      rejectAll(batch, error)
      return error
    }
  }
}

function rejectAll(batch: readonly (readonly [string, Waiting])[], error: unknown): void {
  for (const [, waiting] of batch) waiting.reject(error)
}

/** A batch in which nothing could be read has failed as a call. */
async function getMany(store: RemoteStore, keys: readonly string[]): Promise<(Stored | Error | undefined)[]> {
  const answers = await store.getMany(keys)
  const [first] = answers
  if (first instanceof Error && answers.every(answer => answer instanceof Error)) throw first
  return answers
}
