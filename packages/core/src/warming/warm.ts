import type { Cache } from '../cache/cache.js'
import { CacheError, quote } from '../errors.js'
import type { InferOutput, StandardSchema } from '../values/standard-schema.js'
import type { WarmCache } from './warm-load.js'
import { checkWarmOptions, type WarmOptions } from './warm-options.js'
import { openWarmSource } from './warm-source.js'
import { Warming, type WarmSummary } from './warming.js'

/**
 * Fills a cache with the values of all items of a source, some of them at a time.
 *
 * Each item goes through `cache.getOrSet`, by a claim like any other miss. So what is there is skipped: a warming that was
 * stopped or killed is resumed by running it again. Several processes with a `stampedeGuard()` may warm from one source
 * and load nothing twice; without a guard each loads what another has begun, and one of them stores it. A delete during a
 * load is not undone. Of items with equal keys one is loaded.
 *
 * The source is pulled one item ahead of what is under way, and closed if the warming ends before it. An abort waits for
 * its next item: a source that may take long should heed the signal too.
 *
 * An abort resolves, with `stopped`: it is an ordinary end, and its numbers are of use. Loads that have begun are
 * finished; give the loader the signal as well to break them off. What fails after the abort is counted, and does not
 * reject.
 *
 * Nothing is loaded into nothing: where the store stops taking values it waits, tries those that were lost again one at
 * a time, and gives up after some seconds. A fleet counts as down when one of its servers is. Where `limitLoads`
 * refuses a load it tries again later. A value that can't be stored, too large or not encodable, has failed.
 *
 * @throws CacheError `ERR_CACHE_UNAVAILABLE` when the store does not answer at the start, or stops taking what is loaded;
 * `ERR_CACHE_OPTION`, `ERR_CACHE_DURATION` or `ERR_CACHE_TAG` for bad options, those of `getOrSet` at the first miss.
 * Without `onError` what an item failed with: the loader's own error, or `ERR_CACHE_KEY` where `key` returns no non-empty
 * string. What the source throws, as it is.
 *
 * @example
 * const { loaded, skipped } = await warm(cache, db.products(), {
 *   key: product => `product:${product.id}`,
 *   load: product => describeProduct(product.id),
 *   ttl: '1d',
 *   jitter: 0.2,
 * })
 */
export function warm<Item, V, I, S extends StandardSchema>(
  cache: Cache<V, I>,
  source: Iterable<Item> | AsyncIterable<Item>,
  options: WarmOptions<Item, unknown, InferOutput<S>> & { readonly schema: S },
): Promise<WarmSummary>
export function warm<Item, V, I, T extends I>(
  cache: Cache<V, I>,
  source: Iterable<Item> | AsyncIterable<Item>,
  options: WarmOptions<Item, T>,
): Promise<WarmSummary>
export async function warm(
  cache: unknown,
  source: unknown,
  options: WarmOptions<never, unknown, never>,
): Promise<WarmSummary> {
  if (!isCache(cache)) {
    throw new CacheError('ERR_CACHE_OPTION', `warm takes the cache to warm first; received ${quote(cache)}`)
  }
  const settings = checkWarmOptions(options)
  return new Warming(cache, openWarmSource(source), settings).run()
}

function isCache(given: unknown): given is WarmCache {
  const methods = given as Partial<WarmCache> | undefined | null
  return [methods?.getOrSet, methods?.ready, methods?.on].every(method => typeof method === 'function')
}
