import type { Progress } from '../../progress.js'
import { type RatesAtOnce, replayAtOnce } from './at-once.js'
import { optimalHits } from './optimum.js'
import { ownHits } from './own-cache.js'
import { lruHits } from './plain-lru.js'
import type { Source } from './sources.js'

/** What became of the requests of a source, by the size of the cache. */
export interface Replayed {
  readonly name: string
  readonly what: string
  readonly requests: number
  readonly distinct: number
  readonly rates: readonly Rates[]
  /** By how many callers there were. */
  readonly atOnce: readonly RatesAtOnce[]
}

/** Shares of requests that were answered from the cache, in percent. */
interface Rates {
  readonly maxEntries: number
  readonly lru: number
  readonly optimum: number
  /** Nothing where ours was not replayed. */
  readonly own: number | undefined
}

const CALLERS = [1, 20, 100]

export async function replay(source: Source, progress: Progress): Promise<Replayed> {
  const { name, what, sizes, ownSizes, sizeAtOnce } = source
  progress.now(`${name}: reading`)
  const requests = await source.read()
  const percent = (hits: number) => (100 * hits) / requests.ids.length
  const rates: Rates[] = []
  for (const maxEntries of sizes) {
    progress.now(`${name}: ${maxEntries} entries`)
    rates.push({
      maxEntries,
      lru: percent(lruHits(requests, maxEntries)),
      optimum: percent(optimalHits(requests, maxEntries)),
      own: ownSizes.includes(maxEntries) ? percent(await ownHits(requests, maxEntries)) : undefined,
    })
  }
  const atOnce: RatesAtOnce[] = []
  for (const callers of sizeAtOnce === undefined ? [] : CALLERS) {
    progress.now(`${name}: ${callers} callers`)
    atOnce.push(await replayAtOnce(requests, sizeAtOnce as number, callers))
  }
  progress.done(`${name}: ${requests.ids.length.toLocaleString('en')} requests`)
  return { name, what, requests: requests.ids.length, distinct: requests.distinct, rates, atOnce }
}
