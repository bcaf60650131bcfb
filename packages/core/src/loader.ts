import { type Duration, type Milliseconds, parseDuration } from './duration.js'
import { type CheckedValue, checkValue } from './schema-check.js'
import type { StandardSchema } from './standard-schema.js'

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
}

/** What a loader returned and asked for. */
export interface Loaded extends CheckedValue {
  /** The ttl it set; `undefined` where it set none. */
  readonly ttl: Milliseconds | undefined
}

/** Runs a loader; checks the value by the schema and passes on the schema's output. */
export async function runLoader(
  loader: Loader<unknown>,
  told: Pick<LoadContext, 'key' | 'signal' | 'previous' | 'background'>,
  schema: StandardSchema | undefined,
): Promise<Loaded> {
  let ttl: Milliseconds | undefined
  const context: LoadContext = {
    ...told,
    noStore() {
      ttl = 0
    },
    setTtl(duration) {
      ttl = parseDuration(duration, 'setTtl')
    },
  }
  const value = await loader(context)
  // `ttl` is read after the loader has run, and has set it.
  return { ...(await checkValue(schema, value, told.key)), ttl }
}
