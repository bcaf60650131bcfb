import type { Milliseconds } from '@lookaside/core'
import { type Filled, fill, populationOf } from '../subjects/filled.js'
import type { Place, Subject } from '../subjects/subject.js'
import { shuffledIds } from '../workload/keys.js'
import type { ValueSize } from '../workload/values.js'
import { concurrentHits } from './concurrent-hits.js'
import { count } from './format.js'
import { type Contestant, interleaved, type Spread } from './interleaved.js'
import { rateTable } from './rate-table.js'
import type { SectionContext, Table } from './section.js'
import { callsPerRound } from './timed-calls.js'

/** Values of one size, and how many callers read them at once. */
export interface HitSetting {
  readonly size: ValueSize
  readonly keys: number
  readonly callers: readonly number[]
  readonly rounds: number
}

/** Calls per second of each subject. */
export interface HitFigures {
  readonly size: ValueSize
  readonly callers: number
  readonly spreads: ReadonlyMap<string, Spread>
  readonly table: Table
}

export interface RemoteHits {
  readonly title: string
  readonly kind: 'redis' | 'memcached'
  readonly subjects: readonly Subject[]
  readonly settings: readonly HitSetting[]
  /** About how long a round of each subject lasts. */
  readonly round: Milliseconds
  /** Where a subject's values are, by its place in the list; called when the server has nothing of an earlier setting. */
  urlOf(index: number): string
  /** Empties the server. */
  empty(): Promise<void>
}

/**
 * Measures hits in a server, one setting after another: all subjects are filled and checked, then they take turns.
 *
 * The keys are read in one shuffled order again and again, so no key is read by two callers at once: those that let such
 * callers share a read would otherwise seem the faster, the fewer keys there are.
 */
export async function remoteHits(context: SectionContext, hits: RemoteHits): Promise<HitFigures[]> {
  const figures: HitFigures[] = []
  for (const setting of hits.settings) {
    const caches: Filled[] = []
    try {
      await hits.empty()
      await openAll(context, hits, setting, caches)
      for (const callers of setting.callers) {
        figures.push(await measure(context, hits, setting, callers, caches))
        for (const cache of caches) cache.checkHits()
      }
    } finally {
      await Promise.all(caches.map(cache => cache.close()))
    }
  }
  return figures
}

async function openAll(
  { progress }: SectionContext,
  { title, kind, subjects, urlOf }: RemoteHits,
  { size, keys }: HitSetting,
  caches: Filled[],
): Promise<void> {
  const population = populationOf(keys, size)
  for (const [index, subject] of subjects.entries()) {
    progress.now(`${title}: ${subject.name} is filled with values of ${size} and checked`)
    const place: Place = { kind, url: urlOf(index) }
    const cache = await fill(subject, place, population)
    if (cache !== undefined) caches.push(cache)
  }
}

async function measure(
  { progress }: SectionContext,
  { title, kind, round }: RemoteHits,
  { size, keys, rounds }: HitSetting,
  callers: number,
  caches: readonly Filled[],
): Promise<HitFigures> {
  const ids = shuffledIds(keys)
  const contestants: Contestant[] = []
  for (const { subject, get } of caches) {
    const time = (calls: number) => concurrentHits(get, ids, callers, calls)
    const calls = await callsPerRound(time, round, Math.max(16, 2 * callers))
    contestants.push({ name: subject.name, round: async () => (calls / (await time(calls))) * 1_000 })
  }
  const spreads = await interleaved(contestants, rounds, (now, of) =>
    progress.now(`${title}: ${size}, ${callers} callers: round ${now} of ${of}`),
  )
  const rates = caches.map(({ subject: { name, less } }) => ({
    name,
    spread: spreads.get(name) as Spread,
    differs: less?.[kind] ?? '',
  }))
  const caption = `Values of ${size}, ${callers === 1 ? '1 caller' : `${count(callers)} callers`}`
  return { size, callers, spreads, table: rateTable(caption, rates, 'lookaside') }
}

/** The ratio of medians of two subjects; `undefined` where that setting was not measured. */
export function ratioAt(
  figures: readonly HitFigures[],
  at: { readonly size: ValueSize; readonly callers: number },
  one: string,
  other: string,
): number | undefined {
  const found = figures.find(({ size, callers }) => size === at.size && callers === at.callers)
  const [value, against] = [found?.spreads.get(one)?.median, found?.spreads.get(other)?.median]
  return value === undefined || against === undefined ? undefined : value / against
}
