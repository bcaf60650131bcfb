import type { Requests } from '../../workload/trace-formats.js'
import { readTrace, TRACES, type Trace, tracesThere } from '../../workload/traces.js'
import { zipfIds } from '../../workload/zipf.js'
import type { SectionContext } from '../section.js'

/** Requests to replay, and the sizes of cache to do it with. */
export interface Source {
  readonly name: string
  readonly what: string
  /** How many entries the caches have room for. */
  readonly sizes: readonly number[]
  /** The sizes of which ours is replayed too: its misses take their time. */
  readonly ownSizes: readonly number[]
  /** The size at which ours is replayed by several callers at once too. */
  readonly sizeAtOnce?: number | undefined
  read(): Promise<Requests>
}

interface Replay {
  readonly trace: Trace
  readonly sizes: readonly number[]
  readonly ownSizes: readonly number[]
  readonly sizeAtOnce?: number
  readonly when: 'always' | 'quick' | 'full'
}

const { oltp, sprite, multi3, pools, gli, loop } = TRACES

const REPLAYS: readonly Replay[] = [
  {
    trace: oltp,
    sizes: [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000],
    ownSizes: [2_000, 16_000],
    when: 'full',
  },
  { trace: sprite, sizes: [128, 256, 512, 1_024, 2_048], ownSizes: [512, 1_024, 2_048], when: 'quick' },
  {
    trace: multi3,
    sizes: [500, 1_000, 2_000, 4_000],
    ownSizes: [500, 2_000, 4_000],
    sizeAtOnce: 500,
    when: 'quick',
  },
  {
    trace: pools,
    sizes: [100, 200, 400, 800, 1_600, 3_200],
    ownSizes: [200, 800, 3_200],
    when: 'full',
  },
  { trace: gli, sizes: [512, 1_024, 1_536, 2_048], ownSizes: [512, 1_024, 1_536, 2_048], when: 'always' },
  { trace: loop, sizes: [256, 512, 768, 1_024], ownSizes: [1_024], when: 'full' },
]

/** The public traces as far as they are there; where there is none, requests by Zipf's law. */
export function sourcesFor({ quick, checking }: SectionContext): readonly Source[] {
  const wanted = checking ? ['always'] : quick ? ['always', 'quick'] : ['always', 'quick', 'full']
  const replays = REPLAYS.filter(({ when }) => wanted.includes(when))
  const there = tracesThere(replays.map(({ trace }) => trace))
  if (there.length === 0) return [zipfSource(quick || checking ? 50_000 : 300_000, checking)]
  return replays
    .filter(({ trace }) => there.includes(trace))
    .map(({ trace, sizes, ownSizes, sizeAtOnce }) => ({
      name: trace.name,
      what: trace.what,
      sizes,
      ownSizes,
      sizeAtOnce,
      read: () => readTrace(trace),
    }))
}

const ZIPF_POPULATION = 20_000

function zipfSource(requests: number, checking: boolean): Source {
  const sizes = [200, 1_000, 4_000]
  return {
    name: 'zipf',
    what: `${requests.toLocaleString('en')} requests for ${ZIPF_POPULATION.toLocaleString('en')} keys by Zipf's law, exponent 0.99`,
    sizes,
    ownSizes: sizes,
    sizeAtOnce: checking ? undefined : 1_000,
    read: async () => ({ ids: zipfIds(requests, ZIPF_POPULATION), distinct: ZIPF_POPULATION }),
  }
}
