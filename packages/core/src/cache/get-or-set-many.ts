import type { Clock } from '../clock.js'
import type { Duration } from '../duration.js'
import { CacheError, quote } from '../errors.js'
import { checkKey } from '../keys/key.js'
import { type BatchMember, LoadBatch, type LoadMany, type LoadManyContext } from '../loading/load-batch.js'
import type { Loader } from '../loading/loader.js'
import type { GetOrSetOptions } from './call-options.js'

/** Loads many items, and returns their values by item: one that the Map lacks is `undefined`. */
export type LoadManyByItem<Item, V> = (
  items: readonly Item[],
  context: LoadManyContext,
) => ReadonlyMap<Item, V | Error> | PromiseLike<ReadonlyMap<Item, V | Error>>

/** Loads many items, and returns their values in the order of the items. */
export type LoadManyInOrder<Item, V> = (
  items: readonly Item[],
  context: LoadManyContext,
) => readonly (V | Error)[] | PromiseLike<readonly (V | Error)[]>

/** What one call of `getOrSetMany` can set. */
export interface GetOrSetManyOptions<Item, V> extends Omit<GetOrSetOptions<V>, 'ttl' | 'tags'> {
  /** The key of an item. Items with the same key are one: the first is loaded. */
  readonly key: (item: Item) => string
  /**
   * Loads the items that are missing. An `Error` in the place of a value is the failure of that item alone; what the
   * function throws is the failure of all.
   */
  readonly load: LoadManyByItem<Item, V> | LoadManyInOrder<Item, V>
  /** How long a value is fresh; as a function it is asked of each loaded value and its item. @default the cache's */
  readonly ttl?: Duration | ((value: V, item: Item) => Duration) | undefined
  /** Tags of each value; as a function they are asked of each loaded value and its item. @default none */
  readonly tags?: readonly string[] | ((value: V, item: Item) => readonly string[]) | undefined
  /** `'return'` puts an item's error into its place in the result, instead of rejecting with the first. @default 'reject' */
  readonly onError?: 'reject' | 'return' | undefined
}

/** Options with a loader of one kind. */
export type ManyBy<Item, V, L> = GetOrSetManyOptions<Item, V> & { readonly load: L }

/** Errors stand in the result. */
export interface ReturningErrors {
  readonly onError: 'return'
}

/** The first error rejects. */
export interface RejectingErrors {
  readonly onError?: 'reject' | undefined
}

/** One key of it: as `getOrSet`, as a member of a batch. */
type GetOrSetOne = (
  key: string,
  load: Loader<unknown>,
  options: GetOrSetOptions<never>,
  member: BatchMember,
) => Promise<unknown>

export const GET_OR_SET_MANY_NAMES = ['key', 'load', 'onError']

/** Obtains all items, each as if it was alone, with one call of the loader for those that are missing. */
export async function getOrSetMany<Item, V>(
  items: Iterable<Item>,
  options: GetOrSetManyOptions<Item, V>,
  clock: Clock,
  one: GetOrSetOne,
): Promise<unknown[]> {
  const { key: keyOf, load, onError = 'reject', ttl, tags, ...rest } = options
  const all = checkItems(items)
  check('key', typeof keyOf === 'function', 'a function of an item that returns its key', keyOf)
  check('load', typeof load === 'function', 'a function that loads the missing items', load)
  check('onError', onError === 'reject' || onError === 'return', "'reject' or 'return'", onError)
  const keys = all.map(item => {
    const key = keyOf(item)
    checkKey(key)
    return key
  })
  const batch = new LoadBatch(load as LoadMany<never>, clock)
  const calls = new Map<string, Promise<unknown>>()
  for (const [index, key] of keys.entries()) {
    if (calls.has(key)) continue
    const item = all[index] as Item
    const member = batch.member(item)
    const own = {
      ...rest,
      ttl: typeof ttl === 'function' ? (value: V) => ttl(value, item) : ttl,
      tags: typeof tags === 'function' ? (value: V) => tags(value, item) : tags,
    }
    const call = one(key, loaderOf(member, load.length > 1), own as GetOrSetOptions<never>, member)
    const answered = () => member.answered()
    call.then(answered, answered)
    calls.set(key, call)
  }
  const outcomes = await Promise.allSettled(keys.map(key => calls.get(key)))
  return outcomes.map(outcome => {
    if (outcome.status === 'fulfilled') return outcome.value
    const { reason } = outcome
    if (onError === 'reject') throw reason
    return reason instanceof Error ? reason : new Error(String(reason), { cause: reason })
  })
}

/** A loader that takes the context may set tags. */
function loaderOf(member: BatchMember, takesContext: boolean): Loader<unknown> {
  if (takesContext) return context => member.load(context)
  return (...[context]: Parameters<Loader<unknown>>) => member.load(context)
}

function checkItems<Item>(items: Iterable<Item>): readonly Item[] {
  const given: unknown = items
  check(
    'items',
    typeof given === 'object' && given !== null && Symbol.iterator in given,
    'an iterable',
    given,
  )
  return [...items]
}

function check(what: string, holds: boolean, expected: string, given: unknown): void {
  if (holds) return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} of getOrSetMany must be ${expected}; received ${quote(given)}`,
  )
}
