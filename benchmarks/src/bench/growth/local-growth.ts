import { AskedProcess } from '../asked-process.js'
import type { LineChart, SectionContext, Table } from '../section.js'
import { type Measured, measureAsked } from './asked-contestants.js'
import { growthLines, growthTable } from './growth-table.js'
import type { LocalCacheName, LocalQuestion } from './local-process.js'

/** Nanoseconds a hit. */
export type LocalGrowth = readonly Measured<LocalCacheName>[]

const PROGRAM = new URL('./local-process.js', import.meta.url)

const TITLES: Readonly<Record<LocalCacheName, string>> = {
  lookaside: 'lookaside getOrSet',
  'lru-cache': 'lru-cache get',
}
const NAMES = Object.keys(TITLES) as LocalCacheName[]
const ENTRIES = [1_000, 10_000, 100_000, 1_000_000]
/** Filling a million takes longer than all else of a quick run. */
const MOST_ENTRIES = { full: 1_000_000, quick: 100_000 }

const ROUNDS = { full: 25, quick: 5 }
const HITS = { full: 200_000, quick: 60_000 }

/** Measures hits in memory by the number of entries: each cache of each size in a process of its own. */
export async function measureLocalGrowth({ quick, progress }: SectionContext): Promise<LocalGrowth> {
  const scale = quick ? 'quick' : 'full'
  const question = { type: 'round', hits: HITS[scale] } as const
  const measurables = ENTRIES.filter(size => size <= MOST_ENTRIES[scale]).flatMap(size =>
    NAMES.map(name => {
      const asked = new AskedProcess<LocalQuestion, number>(PROGRAM)
      return { name, size, asked, question }
    }),
  )
  try {
    progress.now('growth: filling local caches')
    await Promise.all(
      measurables.map(({ name, size, asked }) => asked.ask({ type: 'fill', cache: name, entries: size })),
    )
    return await measureAsked(measurables, ROUNDS[scale], progress, 'growth: local hits')
  } finally {
    for (const { asked } of measurables) asked.dismiss()
  }
}

export function localGrowthTable(figures: LocalGrowth): Table {
  return growthTable(figures, {
    caption: 'A local hit by the number of entries, ns',
    size: 'entries',
    names: TITLES,
    notes: ['What lookaside costs beside lru-cache is the awaited promise and the checks of a hit.'],
  })
}

export function localGrowthChart(figures: LocalGrowth): LineChart {
  return {
    kind: 'lines',
    file: 'growth-local.svg',
    title: 'A local hit by the number of entries',
    x: { title: 'entries', logarithmic: true },
    y: { title: 'ns a hit', logarithmic: false },
    lines: growthLines(figures, TITLES),
  }
}
