import { askOnce } from '../asked-process.js'
import type { Goal, LineChart, SectionContext, Table } from '../section.js'
import type { Soaked, SoakedPlace, SoakQuestion } from './soak-process.js'
import { slopeOf } from './trend.js'

/** A soak with what it shows. */
export interface SoakResult extends Soaked {
  readonly place: SoakedPlace
  /** How the heap grew from one rest to the other. */
  readonly growth: { readonly bytes: number; readonly perNewKey: number }
  /** Bytes a second, by the straight line through the samples after the first third. */
  readonly trend: number
}

const PROGRAM = new URL('./soak-process.js', import.meta.url)

const PLACES: readonly SoakedPlace[] = ['lru', 'Redis', 'lru before Redis, with a bus']

const DURATION = { full: 60_000, quick: 8_000 }
const SAMPLED_EVERY = { full: 1_000, quick: 500 }

/**
 * Bytes for each new key. What a cache could forget to free of a key is at least its text and its place in a Map, which
 * are about 60 bytes, and mostly an entry, which is several times that. Code that is still being compiled shows as a
 * few hundred kilobytes, so a good deal less with tens of thousands of keys.
 */
const MOST_PER_NEW_KEY = 60

export async function measureSoak(context: SectionContext): Promise<SoakResult[]> {
  const scale = context.quick ? 'quick' : 'full'
  const duration = DURATION[scale]
  const redis = await context.redis()
  const begin = performance.now()
  const told = setInterval(() => {
    const seconds = Math.round((performance.now() - begin) / 1_000)
    context.progress.now(`memory: soak, ${seconds} of ${duration / 1_000} s`)
  }, 1_000)
  try {
    const results = await Promise.all(
      PLACES.map(async place => {
        const question = { place, redis, duration, sampledEvery: SAMPLED_EVERY[scale] }
        const soaked = await askOnce<SoakQuestion, Soaked>(PROGRAM, question, ['--expose-gc'])
        return { place, ...soaked, growth: growthOf(soaked), trend: trendOf(soaked) }
      }),
    )
    context.progress.done(`memory: soak of ${duration / 1_000} s`)
    return results
  } finally {
    clearInterval(told)
  }
}

function growthOf({ rests: [first, last] }: Soaked): SoakResult['growth'] {
  if (first === undefined || last === undefined) return { bytes: Number.NaN, perNewKey: Number.NaN }
  const bytes = last.bytes - first.bytes
  return { bytes, perNewKey: bytes / (last.newKeys - first.newKeys) }
}

function trendOf({ samples }: Soaked): number {
  return slopeOf(samples.slice(Math.ceil(samples.length / 3)).map(({ at, bytes }) => [at / 1_000, bytes]))
}

export function soakTable(results: readonly SoakResult[]): Table {
  return {
    caption: 'Heap over a soak with expiring keys',
    head: ['store', 'operations', 'new keys', 'failed', 'after 1/3', 'at the end', 'per new key', 'trend'],
    rows: results.map(({ place, operations, newKeys, failures, rests, growth, trend }) => [
      place,
      operations.toLocaleString('en'),
      newKeys.toLocaleString('en'),
      `${failures}`,
      ...rests.map(({ bytes }) => `${(bytes / 1e6).toFixed(2)} MB`),
      `${growth.perNewKey.toFixed(1)} B`,
      `${(trend / 1_000).toFixed(1)} kB/s`,
    ]),
    notes: [
      'After a third of the time and at the end nothing is done until all has expired: what is in use then, and how much more that is for each key between.',
      'The trend is that of the straight line through the samples under way after the first third, which also moves with the load.',
    ],
  }
}

/** Of a whole soak only: a short one shows the compiler warming up. Not checked, as `--check` has no time for it. */
export function soakGoals(results: readonly SoakResult[]): Goal[] {
  return results.map(({ place, growth }) => ({
    name: `growth of the heap over the soak, for each new key (${place})`,
    value: growth.perNewKey,
    goal: MOST_PER_NEW_KEY,
    bound: 'at most',
    unit: 'bytes',
    checked: false,
  }))
}

export function soakChart(results: readonly SoakResult[]): LineChart {
  return {
    kind: 'lines',
    file: 'memory-soak.svg',
    title: 'The heap over a soak: new keys all the time, all of them expiring',
    x: { title: 'seconds', logarithmic: false },
    y: { title: 'MB in use after a collection', logarithmic: false },
    lines: results.map(({ place, samples }) => ({
      label: place,
      ours: true,
      points: samples.map(({ at, bytes }) => [at / 1_000, bytes / 1e6] as const),
    })),
  }
}
