import type { Abort } from '../abort.js'
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

/** What a loader is told by the load that runs it. */
export interface Told extends Pick<LoadContext, 'key' | 'previous' | 'background'> {
  readonly abort: Abort
}

/** Runs a loader; checks the value by the schema and passes on the schema's output. */
export async function runLoader(
  loader: Loader<unknown>,
  { key, abort, previous, background }: Told,
  schema: StandardSchema | undefined,
): Promise<Loaded> {
  let ttl: Milliseconds | undefined
  let tags: readonly string[] = NO_TAGS
  const rest: Omit<LoadContext, 'signal'> = {
    key,
    previous,
    background,
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
  const context = loader.length === 0 ? withLateSignal(rest, abort) : { signal: abort.signal, ...rest }
  const { value, checkable } = await checkValue(schema, await loader(context), key)
  // `ttl` and `tags` are read after the loader has run, and has set them.
  return { value, checkable, ttl, tags }
}

/** A loader that declares no parameter hardly ever asks for a signal, and none is made until it does. */
function withLateSignal(rest: Omit<LoadContext, 'signal'>, abort: Abort): LoadContext {
  return Object.defineProperty(rest, 'signal', {
    enumerable: true,
    configurable: true,
    get: () => abort.signal,
  }) as LoadContext
}
