import type { Cache } from '@lookaside/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backends, openCache } from '../backends.js'

/** What a key holds: a counter, a value, or nothing. */
type Held = { readonly count: bigint } | { readonly value: number } | undefined

const LARGEST = 2n ** 63n - 1n
const KEYS = ['a', 'b', 'with spaces']

type Step =
  | { readonly do: 'increment'; readonly key: string; readonly by: bigint; readonly initial: bigint }
  | { readonly do: 'update'; readonly key: string; readonly by: number }
  | { readonly do: 'set'; readonly key: string; readonly value: number }
  | { readonly do: 'get' | 'delete' | 'deleteTags'; readonly key: string }

const key = fc.constantFrom(...KEYS)
const small = fc.bigInt({ min: -20n, max: 20n })
const edge = fc.constantFrom(2n ** 32n, 2n ** 53n - 1n, 2n ** 62n, LARGEST, -LARGEST, 0n)
const initial = fc.oneof(fc.bigInt({ min: 0n, max: 30n }), fc.constantFrom(LARGEST, LARGEST - 5n))
const by = fc.oneof({ weight: 4, arbitrary: small }, edge)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('increment' as const), key, by, initial }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('update' as const), key, by: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('set' as const), key, value: fc.nat(9) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('get' as const, 'delete' as const, 'deleteTags' as const),
      key,
    }),
  },
)

/** What a caller of `get` sees. */
function seen(held: Held): unknown {
  if (held === undefined) return undefined
  if ('value' in held) return held.value
  return held.count < 2n ** 53n ? Number(held.count) : held.count
}

/** One step on a plain model: what it answers, and what the key holds afterwards. */
function expected(held: Held, step: Step): readonly [answer: unknown, after: Held] {
  switch (step.do) {
    case 'increment': {
      if (held !== undefined && 'value' in held) return ['ERR_CACHE_COUNTER', held]
      const sum = (held?.count ?? step.initial) + step.by
      if (sum > LARGEST) return ['ERR_CACHE_COUNTER', held]
      const count = sum < 0n ? 0n : sum
      return [count, { count }]
    }
    case 'update': {
      const value = Number(seen(held) ?? 100) + step.by
      return [value, { value }]
    }
    case 'set':
      return [true, { value: step.value }]
    case 'get':
      return [seen(held), held]
    case 'delete':
      return [true, undefined]
    case 'deleteTags':
      // A counter has no tags.
      return [true, held !== undefined && 'value' in held ? undefined : held]
  }
}

async function performed(cache: Cache, step: Step): Promise<unknown> {
  const { key } = step
  switch (step.do) {
    case 'increment':
      return cache.increment(key, step.by, { initial: step.initial }).catch(({ code }) => code)
    case 'update':
      return cache.update<number | bigint>(key, (n = 100) => Number(n) + step.by, { tags: [key] })
    case 'set':
      return cache.set(key, step.value, { tags: [key] })
    case 'get':
      return cache.get(key)
    case 'delete':
      return cache.delete(key)
    case 'deleteTags':
      return cache.deleteTags([key])
  }
}

describe.each(backends)('Any sequence of counts, updates, reads and deletes on $name', backend => {
  it('gives what a plain model gives', async () => {
    const cache = openCache(backend)
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async steps => {
        const view = cache.namespace(`run-${run++}`)
        const model = new Map<string, Held>()
        for (const each of steps) {
          const [answer, after] = expected(model.get(each.key), each)
          model.set(each.key, after)
          expect(await performed(view, each)).toEqual(answer)
        }
        for (const key of KEYS) expect(await view.get(key)).toEqual(seen(model.get(key)))
      }),
      { numRuns: 60 },
    )
  })
})
