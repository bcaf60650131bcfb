import { AsyncResource } from 'node:async_hooks'
import type { Abort } from '../abort.js'
import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import { CacheError, quote } from '../errors.js'
import { CALLS_AT_ONCE } from '../tiers/store-calls.js'
import { Turnstile } from '../tiers/turnstile.js'
import type { LoadContext } from './loader.js'

/** What a loader of many items is told. */
export interface LoadManyContext {
  /** Aborts when nobody waits for any of these items any longer. */
  readonly signal: AbortSignal
  /** Whether these are refreshes that no caller waits for. */
  readonly background: boolean
  /** What a loader of each item alone is told, in the order of the items: `previous`, `setTtl`, `setTags`, `noStore`. */
  readonly each: readonly LoadContext[]
}

/** What a loader of many items returns. */
type LoadedMany = ReadonlyMap<unknown, unknown> | readonly unknown[]

/** Produces the values of many items at once; see `GetOrSetManyOptions.load`. */
export type LoadMany<Item> = (
  items: readonly Item[],
  context: LoadManyContext,
) => LoadedMany | PromiseLike<LoadedMany>

/** How long a load waits for others of its batch, whatever their guards do; while the store is being asked, longer. */
const LONGEST_WAIT: Milliseconds = 1_000

/** How long a load whose claim was taken over waits for others like it: whoever waits for a claim looks now and then. */
const LATE_WAIT: Milliseconds = 50

/** A load that waits for its batch. */
interface Waiting {
  readonly item: unknown
  /** Its place among the items of the call. */
  readonly index: number
  readonly context: LoadContext
  readonly abort: Abort
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  /** Whose load it is, for what follows calls through asynchronous code. */
  readonly resource: AsyncResource
}

/**
 * The loads of one call for many items: each key is claimed, coalesced and stored as if it was alone, but the loader is
 * called once for all that turn out to be missing.
 *
 * It is called when every item is either answered, ready to be loaded, or waiting for somebody else's load; again for
 * those whose claims are taken over later.
 */
export class LoadBatch {
  readonly #load: LoadMany<never>
  readonly #clock: Clock
  readonly #undecided = new Set<BatchMember>()
  /** Those that are neither answered nor being loaded here. */
  readonly #open = new Set<BatchMember>()
  /** What is sent to the store for each item must not wait in line for longer than its deadline. */
  readonly #turnstile = new Turnstile(CALLS_AT_ONCE)
  #waiting: Waiting[] = []
  #members = 0
  /** Claims and commits that are under way, or wait for their turn. */
  #storeCalls = 0
  #cancelTimer: (() => void) | undefined
  #cancelLateTimer: (() => void) | undefined
  /** One that waits was not known to be somebody else's before. */
  #prompt = false
  #due = false

  constructor(load: LoadMany<never>, clock: Clock) {
    this.#load = load
    this.#clock = clock
  }

  member(item: unknown): BatchMember {
    const member = new BatchMember(this, item, this.#members++)
    this.#undecided.add(member)
    this.#open.add(member)
    return member
  }

  /** @internal */
  decided(member: BatchMember): void {
    if (this.#undecided.delete(member)) this.#check()
  }

  /** @internal */
  answered(member: BatchMember): void {
    if (this.#open.delete(member)) this.#check()
  }

  /** @internal */
  load(member: BatchMember, item: unknown, context: LoadContext, abort: Abort): Promise<unknown> {
    const { index } = member
    return new Promise((resolve, reject) => {
      const resource = new AsyncResource('LookasideBatch')
      this.#waiting.push({ item, index, context, abort, resolve, reject, resource })
      this.#open.delete(member)
      if (this.#undecided.delete(member)) this.#prompt = true
      this.#wait()
      this.#check()
    })
  }

  /** @internal */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#storeCalls++
    const turn = this.#turnstile.enter()
    if (turn !== undefined) await turn
    try {
      return await work()
    } finally {
      this.#turnstile.leave()
      this.#storeCalls--
    }
  }

  #wait(): void {
    this.#cancelTimer ??= this.#clock.timer(LONGEST_WAIT, () => {
      this.#cancelTimer = undefined
      if (this.#asksStore) this.#wait()
      else this.#send()
    })
  }

  /** Of thousands of items each store call is in time, but not all of them together. */
  get #asksStore(): boolean {
    return this.#storeCalls > 0 || [...this.#undecided].some(member => !member.flies)
  }

  #check(): void {
    if (this.#due || this.#undecided.size > 0 || this.#waiting.length === 0) return
    if (!this.#prompt && this.#open.size > 0) {
      this.#cancelLateTimer ??= this.#clock.timer(LATE_WAIT, () => this.#send())
      return
    }
    this.#due = true
    // Those that were decided by the same answer of the store get here a moment later.
    setImmediate(() => {
      this.#due = false
      if (this.#undecided.size === 0) this.#send()
    })
  }

  #send(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#cancelLateTimer?.()
    this.#cancelLateTimer = undefined
    this.#prompt = false
    const wanted: Waiting[] = []
    for (const waiting of this.#waiting) {
      const { abort } = waiting
      if (abort.aborted) waiting.reject(abort.reason)
      else wanted.push(waiting)
    }
    this.#waiting = []
    // They were claimed in whatever order the servers answered.
    wanted.sort((a, b) => a.index - b.index)
    // What one of the loads was started by, the others were as well.
    wanted[0]?.resource.runInAsyncScope(() => void this.#loadAll(wanted))
  }

  async #loadAll(wanted: readonly Waiting[]): Promise<void> {
    const items = wanted.map(({ item }) => item)
    const each = wanted.map(({ context }) => context)
    const { signal, forget } = untilAllAborted(wanted.map(({ abort }) => abort))
    try {
      const background = each.every(context => context.background)
      const loaded = checkLoaded(await this.#load(items as never[], { signal, background, each }), items)
      for (const [index, { item, resolve, reject }] of wanted.entries()) {
        const value = loaded instanceof Map ? loaded.get(item) : (loaded as readonly unknown[])[index]
        if (value instanceof Error) reject(value)
        else resolve(value)
      }
    } catch (error) {
      for (const { reject } of wanted) reject(error)
    } finally {
      forget()
    }
  }
}

/** One item of a batch, until it is known what becomes of it. */
export class BatchMember {
  readonly batch: LoadBatch
  readonly index: number
  readonly #item: unknown
  /** How its flight is called off; `undefined` for as long as it has none. */
  #abort: Abort | undefined

  constructor(batch: LoadBatch, item: unknown, index: number) {
    this.batch = batch
    this.#item = item
    this.index = index
  }

  /** It has a flight of its own, whose end decides. */
  fly(abort: Abort): void {
    this.#abort = abort
  }

  get flies(): boolean {
    return this.#abort !== undefined
  }

  /** Its caller has been answered, perhaps while its flight goes on. */
  answered(): void {
    this.batch.answered(this)
    if (!this.flies) this.decided()
  }

  /** Nothing more will come of it, or not before somebody else's load is over: the others need not wait for it. */
  decided(): void {
    this.batch.decided(this)
  }

  load(context: LoadContext): Promise<unknown> {
    // Whatever runs a loader is a flight.
    return this.batch.load(this, this.#item, context, this.#abort as Abort)
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.batch.inTurn(work)
  }
}

function checkLoaded(loaded: unknown, items: readonly unknown[]): LoadedMany {
  if (loaded instanceof Map) {
    if (loaded.size === 0 || items.some(item => loaded.has(item))) return loaded
    const [key] = loaded.keys()
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `the Map that load of getOrSetMany returns must have the very items as its keys, such as ${quote(items[0])}; it has ${quote(key)}`,
    )
  }
  if (Array.isArray(loaded) && loaded.length === items.length) return loaded
  const what = Array.isArray(loaded) ? `an array of ${loaded.length}` : quote(loaded)
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `load of getOrSetMany must return a Map by item, or an array with one value for each of its ${items.length} items in their order; it returned ${what}`,
  )
}

/** A signal that aborts when all of them have. */
function untilAllAborted(aborts: readonly Abort[]) {
  const controller = new AbortController()
  let left = aborts.length
  const watches = aborts.map(abort =>
    abort.onAbort(() => {
      left--
      if (left === 0) controller.abort(abort.reason)
    }),
  )
  const forget = () => {
    for (const unwatch of watches) unwatch()
  }
  return { signal: controller.signal, forget }
}
