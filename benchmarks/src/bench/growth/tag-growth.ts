import { measureTags, TAGGED_ENTRIES, type TagFigures } from '../../tags/measure.js'
import { TAG_TABLE_HEAD, TAG_TABLE_NOTE, tagTableRows } from '../../tags/table.js'
import type { Goal, LineChart, SectionContext, Table } from '../section.js'

const MOST_ENTRIES = { full: 100_000, quick: 10_000 }

/**
 * How many times longer it may take with the most entries than with the fewest. It is the same two commands; were
 * there a command for each entry, it would be hundreds of times. The rest is for the noise.
 */
const MOST_GROWTH = 3

export async function measureTagGrowth(context: SectionContext): Promise<TagFigures[]> {
  const { quick, checking, progress } = context
  const url = await context.redis()
  const most = MOST_ENTRIES[quick || checking ? 'quick' : 'full']
  const results: TagFigures[] = []
  for (const entries of TAGGED_ENTRIES.filter(size => size <= most)) {
    results.push(await measureTags(url, entries, progress))
  }
  progress.done('growth: tags')
  return results
}

export function tagGrowthTable(results: readonly TagFigures[]): Table {
  return {
    caption: 'Invalidation of a tag by the number of entries that have it',
    head: TAG_TABLE_HEAD,
    rows: tagTableRows(results),
    notes: [TAG_TABLE_NOTE],
  }
}

export function tagGrowthGoal(results: readonly TagFigures[]): Goal {
  const [fewest, most] = [results[0], results.at(-1)]
  return {
    name: `deleteTags at ${most?.entries.toLocaleString('en')} entries, over that at ${fewest?.entries}`,
    value: (most?.invalidation ?? Number.NaN) / (fewest?.invalidation ?? Number.NaN),
    goal: MOST_GROWTH,
    bound: 'at most',
    unit: '×',
    checked: true,
  }
}

export function tagGrowthChart(results: readonly TagFigures[]): LineChart {
  return {
    kind: 'lines',
    file: 'growth-tags.svg',
    title: 'Invalidation of a tag by the number of entries that have it',
    x: { title: 'entries that have the tag', logarithmic: true },
    y: { title: 'ms', logarithmic: false },
    lines: [
      { label: 'deleteTags', ours: true, points: results.map(each => [each.entries, each.invalidation]) },
      { label: 'set of one key', ours: false, points: results.map(each => [each.entries, each.write]) },
    ],
  }
}
