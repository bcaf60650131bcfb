import { checkSignal, GET_OR_SET_NAMES } from '../cache/call-checks.js'
import type { GetOrSetOptions } from '../cache/call-options.js'
import { type Clock, systemClock } from '../clock.js'
import { type Duration, type Milliseconds, parseDuration } from '../duration.js'
import { CacheError, quote } from '../errors.js'
import type { LoadContext } from '../loading/loader.js'
import { checkOptions, nearestName } from '../options/options.js'
import type { WarmProgress } from './warm-progress.js'

/** How a cache is warmed, besides the options that each `getOrSet` gets. */
export interface WarmOptions<Item, T, Stored = T> extends Omit<GetOrSetOptions<Stored>, 'signal'> {
  /** The key of an item: the one that readers ask for. */
  readonly key: (item: Item) => string
  /** Loads the value of an item, as the readers' loader does. */
  readonly load: (item: Item, context: LoadContext) => T | PromiseLike<T>
  /** How many items are under way at once, an integer from 1. @default 10 */
  readonly concurrency?: number | undefined
  /**
   * Told how far it is, each `progressEvery` and once at the end, also of a warming that rejects.
   *
   * It is not waited for. What it throws becomes a process warning, `LookasideListenerWarning`: a display stops nothing.
   */
  readonly onProgress?: ((progress: WarmProgress) => void) | undefined
  /** How often `onProgress` is called, at least 1 ms. @default '1s' */
  readonly progressEvery?: Duration | undefined
  /**
   * Told of each item that fails, while the others go on; it is waited for. What it throws stops the warming and
   * rejects. @default the first failure does
   */
  readonly onError?: ((error: unknown, item: Item) => void | PromiseLike<void>) | undefined
  /** How many items there are, an integer from 0; a guess will do. @default the size of an array, Set or Map */
  readonly total?: number | undefined
  /** Stops the warming: nothing new is begun, and loads that have begun are finished, as their work would be lost. */
  readonly signal?: AbortSignal | undefined
  /** Where time comes from: for pauses, for the rate. @default the machine's */
  readonly clock?: Clock | undefined
}

/** The options of a warming, checked. */
export interface WarmSettings {
  readonly key: (item: unknown) => unknown
  readonly load: (item: unknown, context: LoadContext) => unknown
  readonly concurrency: number
  readonly onProgress: ((progress: WarmProgress) => unknown) | undefined
  readonly progressEvery: Milliseconds
  readonly onError: ((error: unknown, item: unknown) => unknown) | undefined
  readonly total: number | undefined
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
  /** What each `getOrSet` gets. */
  readonly values: GetOrSetOptions<never>
}

const OWN_NAMES = ['key', 'load', 'concurrency', 'onProgress', 'progressEvery', 'onError', 'total', 'clock']
const NAMES = [...OWN_NAMES, ...GET_OR_SET_NAMES]
const DEFAULT_CONCURRENCY = 10
const DEFAULT_PROGRESS_EVERY: Milliseconds = 1_000

/** @throws CacheError `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` */
export function checkWarmOptions(options: WarmOptions<never, unknown, never>): WarmSettings {
  checkOptions('warm', options ?? {}, [...NAMES, ...namesOfOthers(options)])
  const { key, load, concurrency, onProgress, progressEvery, onError, total, signal, clock, ...values } =
    options ?? {}
  checkFunction('key', 'from an item to its key', key)
  checkFunction('load', 'that loads the value of an item', load)
  if (onProgress !== undefined) checkFunction('onProgress', 'that is told how far it is', onProgress)
  if (onError !== undefined) checkFunction('onError', 'that is told of an error and its item', onError)
  checkSignal(signal)
  if (total !== undefined) checkCount('total', total, 0)
  return {
    key: key as WarmSettings['key'],
    load: load as WarmSettings['load'],
    concurrency: concurrency === undefined ? DEFAULT_CONCURRENCY : checkCount('concurrency', concurrency, 1),
    onProgress,
    progressEvery: progressEvery === undefined ? DEFAULT_PROGRESS_EVERY : checkEvery(progressEvery),
    onError: onError as WarmSettings['onError'],
    total,
    signal,
    clock: clock ?? systemClock,
    values,
  }
}

/** Names that may be options of the cache's guard, unless they look like one of ours: `getOrSet` knows, and refuses the rest. */
function namesOfOthers(options: unknown): string[] {
  if (typeof options !== 'object' || options === null) return []
  return Object.keys(options).filter(name => nearestName(name, OWN_NAMES) === undefined)
}

function checkFunction(what: string, doing: string, given: unknown): void {
  if (typeof given === 'function') return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} of warm must be a function ${doing}; received ${quote(given)}`,
  )
}

function checkCount(what: string, count: number, least: number): number {
  if (Number.isSafeInteger(count) && count >= least) return count
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} of warm must be an integer from ${least}; received ${quote(count)}`,
  )
}

function checkEvery(every: Duration): Milliseconds {
  const ms = parseDuration(every, 'progressEvery')
  if (ms > 0) return ms
  throw new CacheError('ERR_CACHE_OPTION', `progressEvery must be at least 1 ms; received ${quote(every)}`)
}
