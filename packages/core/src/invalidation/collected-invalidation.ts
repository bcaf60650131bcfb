import { checkKey } from '../keys/key.js'
import { checkTagList } from '../tags/tag-names.js'

/** Keys and tags collected for one invalidation. */
export interface Invalidation {
  /** Adds keys. @throws CacheError `ERR_CACHE_KEY` */
  keys(...keys: string[]): this
  /** Adds tags. @throws CacheError `ERR_CACHE_TAG` */
  tags(...tags: string[]): this
  /** Deletes what was collected so far and starts afresh; resolves to whether the store took it. */
  run(): Promise<boolean>
}

/** What invalidating needs of a cache. */
interface Target {
  deleteMany(keys: readonly string[]): Promise<boolean>
  deleteTags(tags: readonly string[]): Promise<boolean>
}

export function collectInvalidation(target: Target): Invalidation {
  const keys = new Set<string>()
  const tags = new Set<string>()
  return {
    keys(...given) {
      for (const key of given) {
        checkKey(key)
        keys.add(key)
      }
      return this
    },
    tags(...given) {
      for (const tag of checkTagList(given, 'tags')) tags.add(tag)
      return this
    },
    async run() {
      const both = [target.deleteMany([...keys]), target.deleteTags([...tags])]
      keys.clear()
      tags.clear()
      return !(await Promise.all(both)).includes(false)
    },
  }
}
