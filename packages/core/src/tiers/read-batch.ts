import { atMost } from '../at-most.js'
import type { CacheError } from '../errors.js'
import { type KeyHash, keyHash } from '../keys/key-hash.js'
import { AskedKeys } from './asked-keys.js'
import type { RemoteStore, Stored } from './store.js'
import { asCacheError, type StoreCalls } from './store-calls.js'

/** Most keys of the first request of a tick: what one call reads, a value and its 64 tags, stays together. */
const FIRST_REQUEST = 65

/** Most keys of any request, so that a large batch does not hold up the connection. */
const LARGEST_REQUEST = 512

/** Enough to keep the server busy: it works on one request while the answer to another is read. */
const REQUESTS_AT_ONCE = 2

/** What a store has at one key, for everybody who asked in the same tick. */
export class Answer {
  readonly at: string
  readonly hash: KeyHash
  /** Resolves when the answer is there or never will be; one promise for all keys of a request. */
  readonly settled: Promise<void>
  /** Once it is there: the value, or `undefined` for nothing. */
  stored: Stored | undefined
  /** What somebody has made of it, for others who asked for the same. */
  made: unknown
  /** Why there is no answer, once that is known; reported where the call was made. */
  error: CacheError | undefined

  constructor(at: string, hash: KeyHash, request: ReadRequest) {
    this.at = at
    this.hash = hash
    this.settled = request.settled
    this.stored = undefined
    this.made = undefined
    this.error = undefined
  }
}

/** Keys that travel together. */
class ReadRequest {
  readonly answers: Answer[] = []
  readonly size: number
  readonly settled: Promise<void>
  #settle!: () => void

  constructor(size: number) {
    this.size = size
    this.settled = new Promise(resolve => {
      this.#settle = resolve
    })
  }

  settle(operation: string, found: readonly (Stored | Error | undefined)[], calls: StoreCalls): void {
    const { answers } = this
    for (let index = 0; index < answers.length; index++) {
      const answer = answers[index] as Answer
      const stored = found[index]
      if (stored instanceof Error) {
        answer.error = asCacheError(stored, calls.store.name, operation)
        calls.report(operation, [answer.at], answer.error)
      } else {
        answer.stored = stored
      }
    }
    this.#settle()
  }

  fail(error: CacheError): void {
    for (const answer of this.answers) answer.error = error
    this.#settle()
  }
}

/**
 * Joins the reads of one tick: many keys travel as one multi-get, one key asked for many times is read once,
 * and a lone read goes out as a plain get.
 *
 * A read is shared only until it has been sent; whoever asks after that may know of a newer invalidation.
 */
export class ReadBatch {
  readonly #calls: StoreCalls
  readonly #asked = new AskedKeys<Answer>()
  #requests: ReadRequest[] = []
  #open: ReadRequest | undefined

  constructor(calls: StoreCalls) {
    this.#calls = calls
  }

  /** Asks for what is at a wire key; it is sent at the end of the tick. `hash` is that of the key. */
  ask(at: string, hash: KeyHash = keyHash(at)): Answer {
    const asked = this.#asked.find(at, hash)
    if (asked !== undefined) return asked
    const open = this.#open
    const request = open === undefined || open.answers.length === open.size ? this.#begin(open) : open
    const answer = new Answer(at, hash, request)
    request.answers.push(answer)
    this.#asked.add(answer)
    return answer
  }

  /** The next request of a tick is larger: the answer to a small first one is read while the server is at the next. */
  #begin(last: ReadRequest | undefined): ReadRequest {
    if (last === undefined) process.nextTick(this.#send)
    const size = last === undefined ? FIRST_REQUEST : Math.min(2 * last.size, LARGEST_REQUEST)
    const request = new ReadRequest(size)
    this.#requests.push(request)
    this.#open = request
    return request
  }

  readonly #send = (): void => {
    const requests = this.#requests
    this.#asked.clear()
    this.#requests = []
    this.#open = undefined
    const [first] = requests
    if (first !== undefined && requests.length === 1) {
      void this.#sendOne(first)
      return
    }
    // Each has a deadline of its own, which begins when it is sent.
    let broken: CacheError | undefined
    void atMost(REQUESTS_AT_ONCE, requests, async request => {
      if (broken !== undefined) request.fail(broken)
      else broken = await this.#sendOne(request)
    })
  }

  /** Resolves to what failed, where the whole request has. */
  async #sendOne(request: ReadRequest): Promise<CacheError | undefined> {
    const { answers } = request
    const [first] = answers
    const calls = this.#calls
    try {
      if (first !== undefined && answers.length === 1) {
        request.settle('get', [await calls.run('get', [first.at], store => store.get(first.at))], calls)
      } else {
        const keys = answers.map(({ at }) => at)
        request.settle('getMany', await calls.run('getMany', keys, store => getMany(store, keys)), calls)
      }
      return undefined
    } catch (error) {
      // Whatever `run` throws is one.
      request.fail(error as CacheError)
      return error as CacheError
    }
  }
}

/** A batch in which nothing could be read has failed as a call. */
async function getMany(store: RemoteStore, keys: readonly string[]): Promise<(Stored | Error | undefined)[]> {
  const answers = await store.getMany(keys)
  const [first] = answers
  if (first instanceof Error && answers.every(answer => answer instanceof Error)) throw first
  return answers
}
