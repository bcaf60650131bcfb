import { type Cache, createCache, type Milliseconds } from '@lookaside/core'
import { redisStore } from '@lookaside/redis'
import { monotonic } from '../monotonic.js'
import type { Progress } from '../progress.js'
import { quantile, sort } from '../quantile.js'

/** How many entries a tag may be on. */
export const TAGGED_ENTRIES = [10, 100, 1_000, 10_000, 100_000] as const

/** Every entry has all of them, so that each can be invalidated once with all entries there. */
export const TAGS = Array.from({ length: 40 }, (_, index) => `tag:${index}`)

/** What it costs to invalidate a tag that so many entries have; times are medians. */
export interface TagFigures {
  readonly entries: number
  readonly invalidation: Milliseconds
  /** A plain write, for comparison. */
  readonly write: Milliseconds
  /** How many of 1,000 entries were still served afterwards. */
  readonly left: number
}

const FILLED_AT_ONCE = 5_000

/** The first ones are for the compiler, or the first size would seem the dearest. */
const WARM_UP = 200

export async function measureTags(url: string, entries: number, progress: Progress): Promise<TagFigures> {
  // Thousands of entries at once may take longer than the default.
  const cache = createCache({ store: redisStore(url), prefix: `tags-${entries}`, storeTimeout: '10s' })
  await cache.ready()
  await fill(cache, entries, progress)
  for (let turn = 0; turn < WARM_UP; turn++) {
    await cache.set('one', 1)
    await cache.deleteTags(['warm-up'])
  }
  const invalidations: Milliseconds[] = []
  const writes: Milliseconds[] = []
  for (const tag of TAGS) {
    writes.push(await timed(() => cache.set('one', 1)))
    invalidations.push(await timed(() => cache.deleteTags([tag])))
  }
  const some = Array.from({ length: 1_000 }, (_, index) => `key:${index}`)
  const left = (await cache.getMany(some)).size
  await cache.close()
  const median = (times: readonly Milliseconds[]) => quantile(sort(times), 0.5)
  return { entries, invalidation: median(invalidations), write: median(writes), left }
}

async function fill(cache: Cache, entries: number, progress: Progress): Promise<void> {
  for (let start = 0; start < entries; start += FILLED_AT_ONCE) {
    const keys = Array.from(
      { length: Math.min(FILLED_AT_ONCE, entries - start) },
      (_, index) => start + index,
    )
    await cache.setMany(
      keys.map(key => [`key:${key}`, key]),
      { tags: TAGS },
    )
    progress.now(`${entries} entries: ${start + keys.length} written`)
  }
}

async function timed(work: () => Promise<unknown>): Promise<Milliseconds> {
  const start = monotonic()
  await work()
  return monotonic() - start
}
