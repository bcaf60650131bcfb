import { Client } from 'memjs'
import { lookaside } from '../../subjects/lookaside.js'
import { lookasideTagged } from '../../subjects/lookaside-tagged.js'
import { rawMemjs } from '../../subjects/raw-memjs.js'
import type { ValueSize } from '../../workload/values.js'
import { type HitFigures, ratioAt, remoteHits } from '../remote-hits.js'
import type { Goal, Section } from '../section.js'

/** Hits in memcached: of the other libraries here none has it. */
export const memcachedHits: Section = {
  name: 'memcached-hits',
  title: 'Hits in memcached',
  async run(context) {
    const { quick, checking } = context
    const url = await context.memcached()
    const callers = quick ? [1, 100] : [1, 100, 1_000]
    const rounds = quick && !checking ? 5 : 11
    const figures = await remoteHits(context, {
      title: 'hits in memcached',
      kind: 'memcached',
      subjects: checking ? [lookaside, rawMemjs] : [lookaside, lookasideTagged, rawMemjs],
      settings: [
        { size: '200 B', keys: 10_000, callers, rounds },
        ...(quick ? [] : ([{ size: '64 KB', keys: 1_000, callers, rounds: 5 }] as const)),
        { size: '1 MB', keys: 16, callers: [1, 10], rounds: quick && !checking ? 3 : 5 },
      ],
      round: quick ? 60 : 100,
      urlOf: () => url,
      empty: () => empty(url),
    })
    return {
      about: [
        'One memcached, one connection each; each key is built for its call. 10,000 keys, of values of 64 KB 1,000, of 1 MB 16, for which memcached runs with `-I 2m` and ours has a `maxValueBytes` to match.',
        'Each value was checked in each cache before, and nothing was loaded meanwhile. A caller awaits one call after another, and no two read the same key at once, as ours would share that read.',
        'Ours has `storeTimeout: 10s` instead of 200 ms and `timeout: 10s` instead of 120 ms, so that no call runs out of time under this load, which would be a miss.',
      ],
      tables: figures.map(({ table }) => table),
      goals: goalsOf(figures),
      data: figures.map(({ size, callers, spreads }) => ({
        size,
        callers,
        callsPerSecond: Object.fromEntries(spreads),
      })),
    }
  },
}

async function empty(url: string): Promise<void> {
  const client = Client.create(new URL(url).host)
  await client.flush()
  client.close()
}

function goalsOf(figures: readonly HitFigures[]): Goal[] {
  const ratio = (size: ValueSize, callers: number) =>
    ratioAt(figures, { size, callers }, lookaside.name, rawMemjs.name) ?? Number.NaN
  const goal = (name: string, value: number, least: number): Goal => ({
    name: `${name} : memjs get and JSON.parse`,
    value,
    goal: least,
    unit: '×',
    checked: true,
  })
  return [
    goal('200 B, 1 caller', ratio('200 B', 1), 0.95),
    goal('200 B, 100 callers', ratio('200 B', 100), 1.4),
    // Half of it is about where it is: most of the time goes into text and JSON, the same for both.
    {
      ...goal('1 MB, the worse of 1 and 10 callers', Math.min(ratio('1 MB', 1), ratio('1 MB', 10)), 2),
      floor: 0.75,
    },
  ]
}
