import { CacheError, quote } from '../errors.js'
import { checkKey } from '../keys/key.js'
import { checkOptions } from '../options/options.js'
import { checkTagList } from '../tags/tag-names.js'

/** Names of keys or tags; a function of the write's result is asked only when the write succeeded. */
type Names<R> = readonly string[] | ((result: R) => readonly string[])

/** What a write makes obsolete: keys, tags, or both. */
export interface InvalidateAfterOptions<R> {
  /** Keys to delete. @default none */
  readonly keys?: Names<R> | undefined
  /** Tags to delete. @default none */
  readonly tags?: Names<R> | undefined
}

/** What invalidating needs of a cache. */
interface Target {
  deleteMany(keys: readonly string[]): Promise<boolean>
  deleteTags(tags: readonly string[]): Promise<boolean>
}

/**
 * Runs a write, and then deletes what it makes obsolete.
 *
 * @throws CacheError `ERR_CACHE_INVALIDATION` when that can't be told, or was to reject and did.
 */
export async function invalidateAfter<R>(
  target: Target,
  write: () => R | PromiseLike<R>,
  options: InvalidateAfterOptions<R>,
): Promise<R> {
  checkOptions('invalidateAfter', options, ['keys', 'tags'])
  if (typeof write !== 'function') {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `invalidateAfter takes the write as a function; received ${quote(write)}`,
    )
  }
  const { keys, tags } = options ?? {}
  if (keys === undefined && tags === undefined) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `invalidateAfter needs keys or tags, or both: what the write makes obsolete; received ${quote(options)}`,
    )
  }
  // What is no key must not be found out after the write.
  checkNames('keys', keys, checkKeys)
  checkNames('tags', tags, checkTags)
  let result: R
  try {
    result = await write()
  } catch (error) {
    // What the write failed with matters more than what becomes of the invalidation, which has its own events.
    const both = deleteBoth(
      target,
      () => known(keys),
      () => known(tags),
    )
    await both.catch(() => {})
    throw error
  }
  try {
    await deleteBoth(
      target,
      () => named(keys, result),
      () => named(tags, result),
    )
  } catch (cause) {
    throw writtenButNot('what it makes obsolete was not invalidated', cause, result)
  }
  return result
}

/** For a write to the database that succeeded, when the cache does not reflect it. */
export function writtenButNot(what: string, cause: unknown, result: unknown): CacheError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new CacheError(
    'ERR_CACHE_INVALIDATION',
    `the write succeeded, but ${what}: ${reason}. Its result is in 'result'`,
    { cause, result },
  )
}

/** Both are tried, whatever becomes of the other. */
async function deleteBoth(
  target: Target,
  keys: () => readonly string[],
  tags: () => readonly string[],
): Promise<void> {
  const outcomes = await Promise.allSettled([
    deleteSome(keys, names => target.deleteMany(names)),
    deleteSome(tags, names => target.deleteTags(names)),
  ])
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
}

async function deleteSome(
  names: () => readonly string[],
  remove: (names: readonly string[]) => Promise<boolean>,
): Promise<void> {
  const some = names()
  // Anything else is refused by what it is given to.
  if (!Array.isArray(some) || some.length > 0) await remove(some)
}

function named<R>(names: Names<R> | undefined, result: R): readonly string[] {
  return typeof names === 'function' ? names(result) : (names ?? [])
}

function known<R>(names: Names<R> | undefined): readonly string[] {
  return typeof names === 'function' ? [] : (names ?? [])
}

function checkNames<R>(
  what: string,
  names: Names<R> | undefined,
  check: (names: readonly string[]) => void,
): void {
  if (names === undefined || typeof names === 'function') return
  if (Array.isArray(names)) {
    check(names)
    return
  }
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} of invalidateAfter must be an array or a function; received ${quote(names)}`,
  )
}

function checkKeys(keys: readonly string[]): void {
  for (const key of keys) checkKey(key)
}

function checkTags(tags: readonly string[]): void {
  checkTagList(tags, 'tags of invalidateAfter')
}
