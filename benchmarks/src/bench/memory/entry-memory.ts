import { askOnce } from '../asked-process.js'
import type { BarChart, Goal, SectionContext, Table } from '../section.js'
import type { HeapQuestion } from './heap-process.js'
import { HOLDERS, type HolderName } from './holders.js'

/** Bytes an entry, by what holds it. */
export type EntryMemory = ReadonlyMap<HolderName, number>

const ENTRIES = 100_000

const PROGRAM = new URL('./heap-process.js', import.meta.url)

const RAW: HolderName = 'lru-cache'
/** The ways to fill whose figures have a goal. */
const GOAL_BY: readonly HolderName[] = [
  'lookaside, getOrSet',
  'lookaside, getOrSet, hit since',
  'lookaside, set',
]
const MOST_OVER_RAW = 200

/** So many of the holders are in a quick run. */
const QUICK = 5

export async function measureEntryMemory(context: SectionContext): Promise<EntryMemory> {
  const names = holdersOf(context)
  const redis = names.some(name => name.includes('Redis')) ? await context.redis() : undefined
  // At once: what a heap holds in the end does not depend on the time it took.
  const figures = await Promise.all(
    names.map(async holder => {
      const question = { holder, entries: ENTRIES, redis }
      return [holder, await askOnce<HeapQuestion, number>(PROGRAM, question, ['--expose-gc'])] as const
    }),
  )
  context.progress.done(`memory: ${names.length} holders of ${ENTRIES.toLocaleString('en')} entries`)
  return new Map(figures)
}

function holdersOf({ quick, checking }: SectionContext): HolderName[] {
  if (checking) return [RAW, ...GOAL_BY]
  const names = Object.keys(HOLDERS) as HolderName[]
  return quick ? names.slice(0, QUICK) : names
}

export function entryMemoryTable(figures: EntryMemory): Table {
  return {
    caption: `Heap bytes an entry, at ${ENTRIES.toLocaleString('en')} entries of 200 B`,
    head: ['holder', 'bytes an entry', 'over lru-cache'],
    rows: [...figures].map(([name, bytes]) => [
      name,
      bytes.toFixed(0),
      name === RAW ? '' : overRaw(figures, name).toFixed(0),
    ]),
    notes: [
      'Key and value are in all figures: what is over lru-cache is what lookaside adds.',
      'lru-cache alone keeps no times; with a ttl it keeps one, without stale values, flights or tags.',
      'A tag is on 100 entries.',
    ],
  }
}

export function entryMemoryGoals(figures: EntryMemory): Goal[] {
  return GOAL_BY.map(name => ({
    name: `memory of an entry over lru-cache (${name})`,
    value: overRaw(figures, name),
    goal: MOST_OVER_RAW,
    bound: 'at most',
    unit: 'bytes',
    checked: true,
  }))
}

function overRaw(figures: EntryMemory, name: HolderName): number {
  return (figures.get(name) ?? Number.NaN) - (figures.get(RAW) ?? Number.NaN)
}

export function entryMemoryChart(figures: EntryMemory): BarChart {
  return {
    kind: 'bars',
    file: 'memory-entry.svg',
    title: `Memory of an entry, at ${ENTRIES.toLocaleString('en')} entries of 200 B`,
    unit: 'bytes of heap an entry, key and value included',
    bars: [...figures].map(([label, value]) => ({ label, value, ours: label.startsWith('lookaside') })),
  }
}
