import fc from 'fast-check'
import { type Actor, loader, type Step, TIMES } from './program.js'
import type { Slowness } from './slow-turns.js'

/** How long a guarded caller of a simulation waits for another process' load. */
export const CLAIM_WAIT = 80

/** What a crowd finds at the key; `dying` is stale and about to be dead. */
export type Beginning = 'empty' | 'fresh' | 'stale' | 'dying'

/** Many actors who share few processes, and what they begin with. */
export interface Crowd {
  readonly beginning: Beginning
  readonly actors: readonly Actor[]
}

const invalidation = fc.record({
  do: fc.constantFrom(
    'write and delete',
    'write and delete plainly',
    'write and deleteMany',
    'write and expire',
    'write and expire',
  ),
})

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('getOrSet' as const),
      loader,
      callers: fc.constantFrom(1, 1, 2, 3),
      leaving: fc.constantFrom(false, false, false, true),
    }),
    weight: 12,
  },
  { arbitrary: invalidation, weight: 8 },
  { arbitrary: fc.record({ do: fc.constant('refresh' as const), loader }), weight: 1 },
  { arbitrary: fc.record({ do: fc.constantFrom('get', 'set') }), weight: 1 },
  {
    arbitrary: fc.record({
      do: fc.constant('let time pass' as const),
      ms: fc.constantFrom(CLAIM_WAIT, TIMES.claimTtl, TIMES.ttl, TIMES.ttl + TIMES.grace - 20),
    }),
    weight: 1,
  },
)

const asking = fc.constant<Step>({ do: 'getOrSet', loader: 'returns' })

/** The first process serves more than the second; who writes is often served by another one than who then reads. */
function actor(steps: fc.Arbitrary<readonly Step[]>): fc.Arbitrary<Actor> {
  return fc.record({
    cache: fc.constantFrom(0, 0, 0, 1),
    invalidatesThrough: fc.constantFrom(0, 1, 1),
    steps,
  })
}

/** Who does anything. */
const anybody = actor(fc.array(anyStep, { minLength: 1, maxLength: 4 }))

const pausing = fc.record({
  do: fc.constant('let others go first' as const),
  turns: fc.constantFrom(0, 10, 20, 40),
})

/** What somebody does again and again. */
function repeated(...steps: readonly fc.Arbitrary<Step>[]): fc.Arbitrary<Actor> {
  const rounds = fc.array(fc.tuple(...steps), { minLength: 1, maxLength: 3 })
  return actor(rounds.map(all => all.flat()))
}

const reader = repeated(pausing, asking)

/** A call of its own after the invalidation is what must not get what is older. */
const writer = repeated(pausing, invalidation, asking)

/** Random programs of two processes that many use at the same time; half of them only read, and read after a write. */
export const crowds: fc.Arbitrary<Crowd> = fc.record({
  beginning: fc.constantFrom('empty', 'empty', 'empty', 'fresh', 'stale', 'dying'),
  actors: fc.oneof(
    fc.array(anybody, { minLength: 3, maxLength: 6 }),
    fc.array(fc.oneof(reader, reader, reader, writer), { minLength: 4, maxLength: 8 }),
  ),
})

/** Most messages are fast, a few very slow; queries are slow in some programs, time is in all. */
export const slownesses: fc.Arbitrary<Slowness> = fc.record({
  messages: fc.array(fc.constantFrom(0, 0, 0, 0, 0, 8, 20, 40), { minLength: 5 }),
  query: fc.constantFrom(0, 20, 60),
  time: fc.constantFrom(3, 8),
})

/** By how much time moves on whenever it gets its turn: mostly by little, as calls are fast. */
export const timeSteps: fc.Arbitrary<number[]> = fc.array(fc.constantFrom(1, 1, 1, 2, 20), { minLength: 1 })
