import { CacheError, quote } from '../errors.js'
import type { ValueFormat } from '../values/value-format.js'
import { checkTags, NO_TAGS } from './tag-names.js'

/** @throws CacheError `ERR_CACHE_TAG` unless the option holds tags, or is a function that will tell them. */
export function checkTagOption(tags: unknown, { codec }: ValueFormat): void {
  if (tags === undefined) return
  if (!codec.framed) {
    throw new CacheError(
      'ERR_CACHE_TAG',
      `values of the codec '${codec.name}' have no frame, and so no tags; received tags ${quote(tags)}. Delete them by key, or use another codec`,
    )
  }
  if (typeof tags !== 'function') checkTags(tags)
}

/** The tags of a value, which the option names or computes. @throws CacheError `ERR_CACHE_TAG` */
export function tagsOf(tags: unknown, value: unknown): readonly string[] {
  if (tags === undefined) return NO_TAGS
  return checkTags(typeof tags === 'function' ? tags(value) : tags)
}
