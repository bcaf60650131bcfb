import { CacheError, quote } from '../errors.js'

/** Most tags of one entry. */
const MAX_TAGS = 64

/** Longest name of a tag in bytes of UTF-8. */
const MAX_TAG_BYTES = 250

export const NO_TAGS: readonly string[] = Object.freeze([])

/**
 * The names of tags, each once.
 *
 * @throws CacheError `ERR_CACHE_TAG` unless they are an array of at most 64 strings of 1 to 250 bytes each.
 */
export function checkTags(tags: unknown, what = 'tags'): readonly string[] {
  if (!Array.isArray(tags)) {
    throw new CacheError('ERR_CACHE_TAG', `${what} must be an array of strings; received ${quote(tags)}`)
  }
  if (tags.length === 0) return NO_TAGS
  for (const tag of tags) checkTag(tag, what)
  // A copy: the caller may go on to change its array.
  const names = [...new Set<string>(tags)]
  if (names.length <= MAX_TAGS) return names
  throw new CacheError(
    'ERR_CACHE_TAG',
    `an entry has at most ${MAX_TAGS} tags; ${what} has ${names.length}. Tag by what is written together, not by every row`,
  )
}

/** The names of tags to invalidate: as many as one likes. @throws CacheError `ERR_CACHE_TAG` */
export function checkTagList(tags: unknown, what: string): readonly string[] {
  if (!Array.isArray(tags)) {
    throw new CacheError(
      'ERR_CACHE_TAG',
      `${what} takes an array of tags, such as ['users']; received ${quote(tags)}`,
    )
  }
  for (const tag of tags) checkTag(tag, what)
  return [...new Set<string>(tags)]
}

function checkTag(tag: unknown, what: string): void {
  if (typeof tag !== 'string' || tag === '' || !tag.isWellFormed()) {
    throw new CacheError(
      'ERR_CACHE_TAG',
      `a tag must be a non-empty string of well-formed Unicode; ${what} holds ${quote(tag)}`,
    )
  }
  if (tag.length * 3 <= MAX_TAG_BYTES || Buffer.byteLength(tag) <= MAX_TAG_BYTES) return
  throw new CacheError(
    'ERR_CACHE_TAG',
    `a tag takes at most ${MAX_TAG_BYTES} bytes; ${what} holds one of ${Buffer.byteLength(tag)}: ${quote(tag)}`,
  )
}
