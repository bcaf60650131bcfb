import fc from 'fast-check'

/** One of the processes, by its place. */
type Place = number

/** What happens next; `key` and `tag` are places too. */
export type Step =
  | {
      readonly do: 'read'
      readonly process: Place
      readonly key: number
      readonly by: 'getOrSet' | 'get' | 'getMany'
    }
  | { readonly do: 'begin a load'; readonly process: Place; readonly key: number }
  | { readonly do: 'finish the loads' }
  | {
      readonly do: 'write'
      readonly process: Place
      readonly key: number
      readonly by: 'delete' | 'deleteMany' | 'expire' | 'set'
    }
  | {
      readonly do: 'write what is tagged'
      readonly process: Place
      readonly tag: number
      readonly by: 'deleteTags' | 'expireTags'
    }
  | {
      readonly do: 'write everything'
      readonly process: Place
      readonly within: 'the root' | 'the namespace'
    }
  | { readonly do: 'let time pass'; readonly ms: number }
  | { readonly do: 'disturb'; readonly process: Place; readonly by: Disturbance }

/**
 * What befalls a process.
 *
 * - `lose`: the next thing that arrives is lost.
 * - `refuse`: its next message is not sent.
 * - `hold`, `release`: what arrives is held back meanwhile.
 * - `cut`, `restore`: the bus is down meanwhile.
 * - `kill`: it ends without a word, and another one takes its place.
 */
export type Disturbance = 'lose' | 'refuse' | 'hold' | 'release' | 'cut' | 'restore' | 'kill'

/** What a bus of messages may suffer. */
export const MESSAGE_FAULTS: readonly Disturbance[] = [
  'lose',
  'lose',
  'lose',
  'refuse',
  'hold',
  'release',
  'cut',
  'restore',
  'kill',
]

/** What a bus of changes may suffer: it says so when it may have lost something. */
export const CHANGE_FAULTS: readonly Disturbance[] = ['hold', 'release', 'cut', 'restore', 'kill']

export const PROCESSES = 3
export const KEYS = 3
export const TAGS = 2

/** Random programs, step by step. */
export function programs(faults: readonly Disturbance[], { clears = true } = {}): fc.Arbitrary<Step[]> {
  const process = fc.nat({ max: PROCESSES - 1 })
  const key = fc.nat({ max: KEYS - 1 })
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      arbitrary: fc.record({
        do: fc.constant('read' as const),
        process,
        key,
        by: fc.constantFrom('getOrSet' as const, 'getOrSet' as const, 'get' as const, 'getMany' as const),
      }),
      weight: 10,
    },
    {
      arbitrary: fc.record({
        do: fc.constant('write' as const),
        process,
        key,
        by: fc.constantFrom('delete' as const, 'deleteMany' as const, 'expire' as const, 'set' as const),
      }),
      weight: 5,
    },
    {
      arbitrary: fc.record({
        do: fc.constant('write what is tagged' as const),
        process,
        tag: fc.nat({ max: TAGS - 1 }),
        by: fc.constantFrom('deleteTags' as const, 'expireTags' as const),
      }),
      weight: 2,
    },
    {
      arbitrary: fc.record({
        do: fc.constant('write everything' as const),
        process,
        within: fc.constantFrom('the root' as const, 'the namespace' as const),
      }),
      weight: clears ? 1 : 0,
    },
    { arbitrary: fc.record({ do: fc.constant('begin a load' as const), process, key }), weight: 3 },
    { arbitrary: fc.record({ do: fc.constant('finish the loads' as const) }), weight: 2 },
    {
      arbitrary: fc.record({
        do: fc.constant('let time pass' as const),
        ms: fc.constantFrom(10, 1_000, 5_000, 20_000),
      }),
      weight: 3,
    },
    {
      arbitrary: fc.record({ do: fc.constant('disturb' as const), process, by: fc.constantFrom(...faults) }),
      weight: 6,
    },
  )
  return fc.array(step, { minLength: 6, maxLength: 30 })
}
