import fc from 'fast-check'

/** What an actor does next; `loader` says how the load of a read ends, should there be one. */
export type Step =
  | {
      readonly do:
        | 'get'
        | 'set'
        | 'write and delete'
        | 'write and deleteMany'
        | 'write and expire'
        | 'write and delete plainly'
    }
  | ReadingStep
  | { readonly do: 'let time pass'; readonly ms: number }
  | { readonly do: 'let others go first'; readonly turns: number }

/** A read that may load. */
export interface ReadingStep {
  readonly do: 'getOrSet' | 'refresh'
  readonly loader: 'returns' | 'fails' | 'returns noStore()'
  /** How many ask in the same tick. @default 1 */
  readonly callers?: number
  /** Whether the callers leave after a while, answered or not. @default false */
  readonly leaving?: boolean
}

/** Somebody who does one thing after the other, through one of the caches. */
export interface Actor {
  readonly cache: number
  /** The cache that it invalidates through, as when its requests are served by several processes. @default cache */
  readonly invalidatesThrough?: number
  readonly steps: readonly Step[]
}

/** Times that matter to a simulated cache: of its store calls, its claims, its ttl, its grace. */
export const TIMES = { storeTimeout: 50, claimTtl: 100, ttl: 1_000, grace: 1_000 } as const

/** How loads end. */
export const loader = fc.oneof(
  { arbitrary: fc.constant('returns' as const), weight: 4 },
  { arbitrary: fc.constant('fails' as const), weight: 1 },
  { arbitrary: fc.constant('returns noStore()' as const), weight: 1 },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('getOrSet' as const), loader }), weight: 6 },
  { arbitrary: fc.record({ do: fc.constant('write and delete' as const) }), weight: 3 },
  { arbitrary: fc.record({ do: fc.constant('write and expire' as const) }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('refresh' as const), loader }), weight: 2 },
  {
    arbitrary: fc.record({
      do: fc.constant('let time pass' as const),
      ms: fc.constantFrom(TIMES.storeTimeout, TIMES.claimTtl, TIMES.ttl, TIMES.ttl + TIMES.grace),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({ do: fc.constantFrom('get', 'set', 'write and deleteMany') }),
    weight: 2,
  },
)

/** Random programs: several actors who share `caches` caches. */
export function actors(caches: number): fc.Arbitrary<Actor[]> {
  const actor = fc.record({
    cache: fc.nat({ max: caches - 1 }),
    steps: fc.array(step, { minLength: 1, maxLength: 5 }),
  })
  return fc.array(actor, { minLength: 2, maxLength: 5 })
}
