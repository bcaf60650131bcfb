import { type Filled, fill, populationOf } from '../../subjects/filled.js'
import { BASICS, PEERS } from '../../subjects/subjects.js'
import { uniformIds } from '../../workload/keys.js'
import { collectGarbage } from '../collect-garbage.js'
import { count } from '../format.js'
import { interleaved, type Spread } from '../interleaved.js'
import { ownHitLoop } from '../own-hit-loop.js'
import { type Rate, rateChart, rateTable } from '../rate-table.js'
import { type RatioGoal, ratioGoals } from '../ratio-goal.js'
import type { Section, SectionContext, SectionResult } from '../section.js'
import { callsPerRound, type TimeCalls } from '../timed-calls.js'

const KEYS = 10_000
const IDS = uniformIds(131_072, KEYS)

const FLOOR = 'await of a built key'

const GOALS: readonly RatioGoal[] = [
  {
    name: 'getOrSet : layered-loader get',
    one: 'lookaside',
    other: 'layered-loader',
    atLeast: 1,
    checked: false,
  },
  { name: 'getOrSet : lru-cache fetch', one: 'lookaside', other: 'lru-cache', atLeast: 0.9, checked: true },
  {
    name: 'tagged getOrSet : untagged getOrSet',
    one: 'lookaside, tagged',
    other: 'lookaside',
    atLeast: 0.6,
    checked: true,
  },
  {
    name: 'peek : layered-loader getInMemoryOnly',
    one: synchronous('lookaside'),
    other: synchronous('layered-loader'),
    atLeast: 0.9,
    checked: false,
  },
]

/** Hits in memory: what a call costs that finds its value in this process. */
export const localHits: Section = {
  name: 'local-hits',
  title: 'Hits in memory',
  async run(context) {
    const caches: Filled[] = []
    try {
      await openAll(context, caches)
      const contestants = await contestantsOf(context, caches)
      collectGarbage()
      const spreads = await interleaved(contestants, roundsOf(context), (round, of) =>
        context.progress.now(`hits in memory: round ${round} of ${of}`),
      )
      for (const cache of caches) cache.checkHits()
      return resultOf(contestants, spreads)
    } finally {
      await Promise.all(caches.map(cache => cache.close()))
    }
  },
}

async function openAll({ checking, progress }: SectionContext, caches: Filled[]): Promise<void> {
  const population = populationOf(KEYS, '200 B')
  for (const subject of checking ? BASICS : [...BASICS, ...PEERS]) {
    progress.now(`hits in memory: ${subject.name} is filled and checked`)
    const cache = await fill(subject, { kind: 'local', maxEntries: 2 * KEYS }, population)
    if (cache !== undefined) caches.push(cache)
  }
}

interface Contestant {
  readonly name: string
  readonly isSynchronous: boolean
  readonly differs: string
  /** Its calls per second in one round. */
  round(): Promise<number>
}

async function contestantsOf(context: SectionContext, caches: readonly Filled[]): Promise<Contestant[]> {
  const contestants: Contestant[] = []
  async function add(name: string, isSynchronous: boolean, differs: string, time: TimeCalls): Promise<void> {
    const calls = await callsPerRound(time, context.quick ? 30 : 60, 16_384)
    contestants.push({
      name,
      isSynchronous,
      differs,
      round: async () => (calls / (await time(calls))) * 1_000,
    })
  }
  for (const { subject, get, peek } of caches) {
    const { awaitedHits, synchronousHits } = await ownHitLoop()
    await add(subject.name, false, subject.less?.local ?? '', calls => awaitedHits(get, IDS, calls))
    if (peek === undefined) continue
    const differs = subject.name === 'lru-cache' ? 'its clock stands still, as above' : ''
    await add(synchronous(subject.name), true, differs, calls => synchronousHits(peek, IDS, calls))
    if (subject.name !== 'lru-cache' || context.checking) continue
    const { synchronousHits: timedHits } = await ownHitLoop()
    const timed = (key: string) => (Date.now() > 0 ? peek(key) : undefined)
    await add(
      `${synchronous(subject.name)}, and the time`,
      true,
      'the least that a hit over it could take that looks at the clock',
      calls => timedHits(timed, IDS, calls),
    )
  }
  if (!context.checking) {
    const { awaitedHits } = await ownHitLoop()
    const built = (key: string) => Promise.resolve(key)
    await add(FLOOR, false, 'caches nothing: the least that any of them could take', calls =>
      awaitedHits(built, IDS, calls),
    )
  }
  return contestants
}

function roundsOf({ quick, checking }: SectionContext): number {
  if (checking) return 15
  return quick ? 5 : 25
}

function resultOf(contestants: readonly Contestant[], spreads: ReadonlyMap<string, Spread>): SectionResult {
  const rates = (isSynchronous: boolean): Rate[] =>
    contestants
      .filter(contestant => contestant.isSynchronous === isSynchronous)
      .map(({ name, differs }) => ({ name, differs, spread: spreads.get(name) as Spread }))
  const [awaited, atOnce] = [rates(false), rates(true)]
  const libraries = awaited.filter(({ name }) => name !== FLOOR)
  return {
    about: [
      `${count(KEYS)} keys, each built for its call, in no order. Values of 200 B, the same objects for all.`,
      'Each value was checked in each cache before, and nothing was loaded meanwhile. What filling them left behind was collected once, before the first round.',
      'One call at a time, awaited; the loop that times a contestant was compiled for it alone.',
    ],
    tables: [
      rateTable('An awaited hit', awaited, 'lookaside'),
      rateTable('A synchronous hit', atOnce, synchronous('lookaside')),
    ],
    goals: ratioGoals(spreads, GOALS),
    charts: [
      rateChart('local-hits.svg', 'Awaited hits in memory', libraries, name => name.startsWith('lookaside')),
    ],
    data: Object.fromEntries(spreads),
  }
}

/** What the row of a subject's synchronous calls is named. */
function synchronous(subject: string): string {
  const methods: Readonly<Record<string, string>> = {
    lookaside: 'peek',
    'layered-loader': 'getInMemoryOnly',
    'lru-cache': 'get',
  }
  return `${subject}, ${methods[subject] ?? 'synchronous'}`
}
