import { atMost, pieces } from '../at-most.js'
import type { RemoteStore, Stored } from './store.js'
import { asCacheError, type StoreCalls } from './store-calls.js'

/** Who is told what the store holds at a key: once, by one of the two; neither may throw. */
export interface StoredReader {
  /** What is there; `undefined` for nothing. */
  found(stored: Stored | undefined): void
  failed(error: unknown): void
}

/** One read of one key that has not been sent; shared by the readers that asked for it in the same tick. */
interface Waiting {
  readonly at: string
  readonly reader: StoredReader
  /** Who else asked; hardly ever anybody. */
  others: StoredReader[] | undefined
}

/** Most keys of one request, so that a large batch does not hold up the connection. */
const LARGEST_BATCH = 512

/**
 * From how many keys on a batch goes out in two requests, in one write: while one answer is read the server works on
 * the other. What one call reads, a value and its 64 tags, stays together.
 */
const SPLIT_FROM = 66

/** Enough to keep the server busy. */
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

  /** Has a reader told what is at a wire key. */
  tell(at: string, reader: StoredReader): void {
    const waiting = this.#waiting.get(at)
    if (waiting !== undefined) {
      waiting.others ??= []
      waiting.others.push(reader)
      return
    }
    if (this.#waiting.size === 0) process.nextTick(this.#send)
    this.#waiting.set(at, { at, reader, others: undefined })
  }

  read(at: string): Promise<Stored | undefined> {
    return new Promise((found, failed) => this.tell(at, { found, failed }))
  }

  readonly #send = (): void => {
    const batch = [...this.#waiting.values()]
    this.#waiting = new Map()
    const [first] = batch
    if (first !== undefined && batch.length === 1) {
      const { at } = first
      this.#calls
        .run('get', [at], store => store.get(at))
        .then(
          stored => tellAll(first, stored),
          error => failAll([first], error),
        )
      return
    }
    // Each piece has a deadline of its own, which begins when it is sent.
    let broken: unknown
    void atMost(BATCHES_AT_ONCE, pieces(batch, pieceOf(batch.length)), async piece => {
      if (broken === undefined) broken = await this.#sendMany(piece)
      else failAll(piece, broken)
    })
  }

  /** Resolves to what failed, where all of the batch has. */
  async #sendMany(batch: readonly Waiting[]): Promise<unknown> {
    const keys = batch.map(({ at }) => at)
    let answers: (Stored | Error | undefined)[]
    try {
      answers = await this.#calls.run('getMany', keys, store => getMany(store, keys))
    } catch (error) {
      failAll(batch, error)
      return error
    }
    for (let index = 0; index < batch.length; index++) {
      const waiting = batch[index] as Waiting
      const answer = answers[index]
      if (answer instanceof Error) {
        const error = asCacheError(answer, this.#calls.store.name, 'getMany')
        this.#calls.report('getMany', [waiting.at], error)
        failAll([waiting], error)
      } else {
        tellAll(waiting, answer)
      }
    }
    return undefined
  }
}

function pieceOf(keys: number): number {
  return keys < SPLIT_FROM ? keys : Math.min(Math.ceil(keys / 2), LARGEST_BATCH)
}

function tellAll({ reader, others }: Waiting, stored: Stored | undefined): void {
  reader.found(stored)
  if (others !== undefined) for (const other of others) other.found(stored)
}

function failAll(batch: readonly Waiting[], error: unknown): void {
  for (const { reader, others } of batch) {
    reader.failed(error)
    if (others !== undefined) for (const other of others) other.failed(error)
  }
}

/** A batch in which nothing could be read has failed as a call. */
async function getMany(store: RemoteStore, keys: readonly string[]): Promise<(Stored | Error | undefined)[]> {
  const answers = await store.getMany(keys)
  const [first] = answers
  if (first instanceof Error && answers.every(answer => answer instanceof Error)) throw first
  return answers
}
