import { Redis } from 'ioredis'
import { joinedIoredis } from '../../subjects/joined-ioredis.js'
import { lookaside } from '../../subjects/lookaside.js'
import { lookasideTagged } from '../../subjects/lookaside-tagged.js'
import { rawIoredis } from '../../subjects/raw-ioredis.js'
import { PEERS } from '../../subjects/subjects.js'
import { type HitFigures, type HitSetting, ratioAt, remoteHits } from '../remote-hits.js'
import type { Goal, LineChart, Section, SectionContext } from '../section.js'

/** Hits in Redis, by callers and sizes. */
export const redisHits: Section = {
  name: 'redis-hits',
  title: 'Hits in Redis',
  async run(context) {
    const { quick, checking } = context
    const url = await context.redis()
    const figures = await remoteHits(context, {
      title: 'hits in Redis',
      kind: 'redis',
      subjects: checking
        ? [lookaside, rawIoredis]
        : [lookaside, lookasideTagged, rawIoredis, joinedIoredis, ...PEERS],
      settings: settingsOf(context),
      round: quick && !checking ? 40 : 100,
      // A database each: several of them use keys as they are.
      urlOf: index => `${url}/${index}`,
      empty: () => empty(url),
    })
    return {
      about: [
        'Every subject has a database of its own in one Redis, and one connection with its defaults; each key is built for its call. 10,000 keys, of values of 64 KB 1,000 (200 with `--quick`).',
        'Each value was checked in each cache before, and nothing was loaded meanwhile. A caller awaits one call after another, and no two read the same key at once, as some would share that read.',
        'Ours has `storeTimeout: 10s` instead of 200 ms and `socketTimeout: 10s` instead of 300 ms, so that no call runs out of time under this load, which would be a miss; the other libraries and the raw client have no such limit at all.',
      ],
      tables: figures.map(({ table }) => table),
      goals: goalsOf(figures),
      ...(!checking && { charts: [chartOf(figures)] }),
      data: figures.map(({ size, callers, spreads }) => ({
        size,
        callers,
        callsPerSecond: Object.fromEntries(spreads),
      })),
    }
  },
}

function settingsOf({ quick, checking }: SectionContext): HitSetting[] {
  const callers = [1, 100, 1_000]
  if (checking) {
    return [
      { size: '200 B', keys: 10_000, callers, rounds: 9 },
      { size: '64 KB', keys: 200, callers: [1, 100], rounds: 7 },
    ]
  }
  if (quick) {
    return [
      { size: '200 B', keys: 10_000, callers, rounds: 3 },
      { size: '64 KB', keys: 200, callers: [1, 100], rounds: 3 },
    ]
  }
  return [
    { size: '200 B', keys: 10_000, callers, rounds: 11 },
    { size: '2 KB', keys: 10_000, callers, rounds: 7 },
    // Fewer keys, as Redis keeps each ten times.
    { size: '64 KB', keys: 1_000, callers, rounds: 5 },
  ]
}

async function empty(url: string): Promise<void> {
  const redis = new Redis(url)
  await redis.flushall()
  redis.disconnect()
}

function goalsOf(figures: readonly HitFigures[]): Goal[] {
  const ratio = (size: '200 B' | '64 KB', callers: number) =>
    ratioAt(figures, { size, callers }, lookaside.name, rawIoredis.name) ?? Number.NaN
  const goal = (name: string, value: number, least: number): Goal => ({
    name: `${name} : ioredis get and JSON.parse`,
    value,
    goal: least,
    unit: '×',
    checked: true,
  })
  return [
    goal('200 B, 1 caller', ratio('200 B', 1), 0.9),
    goal('200 B, 100 callers', ratio('200 B', 100), 2.5),
    // Half of it is about where it is: to parse the values alone takes a quarter of the time (see performance.md).
    { ...goal('200 B, 1,000 callers', ratio('200 B', 1_000), 4), floor: 1.25 },
    goal('64 KB, the worse of 1 and 100 callers', Math.min(ratio('64 KB', 1), ratio('64 KB', 100)), 1),
  ]
}

function chartOf(figures: readonly HitFigures[]): LineChart {
  const small = figures.filter(({ size }) => size === '200 B')
  const names = [...(small[0]?.spreads.keys() ?? [])]
  return {
    kind: 'lines',
    file: 'redis-hits.svg',
    title: 'Hits in Redis, values of 200 B',
    x: { title: 'callers', logarithmic: true },
    y: { title: 'calls/s', logarithmic: true },
    lines: names.map(name => ({
      label: name,
      ours: name.startsWith(lookaside.name),
      points: small.map(
        ({ callers, spreads }) => [callers, spreads.get(name)?.median ?? Number.NaN] as const,
      ),
    })),
  }
}
