// What it costs to invalidate a tag, by how many entries have it: `npm run bench:tags`.
import { parseArgs } from 'node:util'
import { type Cache, createCache } from '@lookaside/core'
import { redisStore } from '@lookaside/redis'
import { describeMachine, machineLine } from '../machine.js'
import { markdownTable } from '../markdown-table.js'
import { monotonic } from '../monotonic.js'
import { Progress } from '../progress.js'
import { quantile, sort } from '../quantile.js'
import { startRedis } from '../redis-server.js'
import { runMain } from '../run-main.js'

const HELP = `npm run bench:tags [-- options]

Invalidates tags that 10 to 100,000 entries in Redis have, and prints how long that takes beside a plain write. Starts a
Redis of its own.

  --quick   up to 10,000 entries
`

const SIZES = [10, 1_000, 10_000, 100_000]

/** Every entry has all of them, so that each can be invalidated once with all entries there. */
const TAGS = Array.from({ length: 40 }, (_, index) => `tag:${index}`)

const FILLED_AT_ONCE = 5_000

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

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = monotonic()
  await work()
  return monotonic() - start
}

/** Medians in ms. */
interface Figures {
  readonly entries: number
  readonly invalidation: number
  readonly write: number
  /** How many of 1,000 entries were still served afterwards. */
  readonly left: number
}

async function measure(url: string, entries: number, progress: Progress): Promise<Figures> {
  const cache = createCache({ store: redisStore(url), prefix: `tags-${entries}`, storeTimeout: '10s' })
  await cache.ready()
  await fill(cache, entries, progress)
  const invalidations: number[] = []
  const writes: number[] = []
  for (const tag of TAGS) {
    writes.push(await timed(() => cache.set('one', 1)))
    invalidations.push(await timed(() => cache.deleteTags([tag])))
  }
  const some = Array.from({ length: 1_000 }, (_, index) => `key:${index}`)
  const left = (await cache.getMany(some)).size
  await cache.close()
  const median = (times: readonly number[]) => quantile(sort(times), 0.5)
  return { entries, invalidation: median(invalidations), write: median(writes), left }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const progress = new Progress()
  const results: Figures[] = []
  const redis = await startRedis()
  try {
    for (const entries of SIZES.filter(size => !values.quick || size <= 10_000)) {
      results.push(await measure(redis.url, entries, progress))
      progress.done(`${entries} entries`)
    }
  } finally {
    await redis.stop()
  }
  const rows = results.map(({ entries, invalidation, write, left }) => [
    entries.toLocaleString('en'),
    invalidation.toFixed(2),
    write.toFixed(2),
    (invalidation / write).toFixed(1),
    `${left}`,
  ])
  const table = markdownTable(['entries', 'deleteTags', 'set', 'ratio', 'still served'], rows)
  process.stdout.write(
    `\n${table}\n\nMedians of ${TAGS.length} in ms; each tag is on all entries. deleteTags is two commands, one after the other.\n${machineLine(describeMachine())}\n`,
  )
}

runMain(main)
