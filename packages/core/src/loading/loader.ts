import { type Duration, type Milliseconds, parseDuration } from '../duration.js'
import { checkTags, NO_TAGS } from '../tags/tag-names.js'
import { type CheckedValue, checkValue } from '../values/schema-check.js'
import type { StandardSchema } from '../values/standard-schema.js'

/** Produces a missing value. What it throws reaches the caller as it is. */
export type Loader<V> = (context: LoadContext) => V | PromiseLike<V>

/** What a loader is told, and what it can say of its value. */
export interface LoadContext {
  readonly key: string
  /** Aborts when nobody waits any longer, at the hard timeout, and when the cache closes: hand it on to the query. */
  readonly signal: AbortSignal
  /** The value that is to be replaced: stale, or still fresh in a refresh; `undefined` without one. */
  readonly previous: unknown
  /** Whether this is a refresh that no caller waits for. */
  readonly background: boolean
  /** The value goes to the callers but is not stored; what it was to replace is deleted. */
  noStore(): void
  /** Sets the ttl of this value; 0 is `noStore()`. @throws CacheError `ERR_CACHE_DURATION` */
  setTtl(ttl: Duration): void
  /** Adds tags to this value, besides those that the call names or computes. @throws CacheError `ERR_CACHE_TAG` */
  setTags(tags: readonly string[]): void
}

/** What a loader returned and asked for. */
export interface Loaded extends CheckedValue {
  /** The ttl it set; `undefined` where it set none. */
  readonly ttl: Milliseconds | undefined
  /** The tags it set. */
  readonly tags: readonly string[]
}

/** Runs a loader; checks the value by the schema and passes on the schema's output. */
export async function runLoader(
  loader: Loader<unknown>,
  told: Pick<LoadContext, 'key' | 'signal' | 'previous' | 'background'>,
  schema: StandardSchema | undefined,
): Promise<Loaded> {
  let ttl: Milliseconds | undefined
  let tags: readonly string[] = NO_TAGS
  const context: LoadContext = {
    ...told,
    noStore() {
      ttl = 0
    },
    setTtl(duration) {
      ttl = parseDuration(duration, 'setTtl')
    },
    setTags(names) {
      tags = [...tags, ...checkTags(names, 'setTags')]
    },
  }
  const value = await loader(context)
  // `ttl` and `tags` are read after the loader has run, and has set them.
  return { ...(await checkValue(schema, value, told.key)), ttl, tags }
}
