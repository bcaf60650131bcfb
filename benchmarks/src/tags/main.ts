// What it costs to invalidate a tag, by how many entries have it: `npm run bench:tags`.
import { parseArgs } from 'node:util'
import { describeMachine, machineLine } from '../machine.js'
import { markdownTable } from '../markdown-table.js'
import { Progress } from '../progress.js'
import { startRedis } from '../redis-server.js'
import { runMain } from '../run-main.js'
import { measureTags, TAGGED_ENTRIES, type TagFigures } from './measure.js'
import { TAG_TABLE_HEAD, TAG_TABLE_NOTE, tagTableRows } from './table.js'

const HELP = `npm run bench:tags [-- options]

Invalidates tags that 10 to 100,000 entries in Redis have, and prints how long that takes beside a plain write. Starts a
Redis of its own.

  --quick   up to 10,000 entries
`

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const progress = new Progress()
  const results: TagFigures[] = []
  const redis = await startRedis()
  try {
    for (const entries of TAGGED_ENTRIES.filter(size => !values.quick || size <= 10_000)) {
      results.push(await measureTags(redis.url, entries, progress))
      progress.done(`${entries} entries`)
    }
  } finally {
    await redis.stop()
  }
  const table = markdownTable(TAG_TABLE_HEAD, tagTableRows(results))
  process.stdout.write(`\n${table}\n\n${TAG_TABLE_NOTE}\n${machineLine(describeMachine())}\n`)
}

runMain(main)
