import { type WriteBehind, writeBehind } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { ManualClock, memoryRemoteStore } from '@lookaside/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memory, newPrefix, openCache } from '../backends.js'
import { settled } from './settled.js'

const RUNS = 100

type Step =
  | { readonly do: 'set'; readonly key: string }
  | { readonly do: 'get' | 'delete'; readonly key: string }
  | { readonly do: 'flush' }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'the database'; readonly mood: Mood }

/** How the database takes its writes. */
type Mood = 'well' | 'down' | 'slow' | 'refuses a' | 'poisoned by b'

const key = fc.constantFrom('a', 'b', 'c', 'd')

const step: fc.Arbitrary<Step> = fc.oneof(
  { arbitrary: fc.record({ do: fc.constant('set' as const), key }), weight: 6 },
  { arbitrary: fc.record({ do: fc.constant('get' as const), key }), weight: 2 },
  { arbitrary: fc.record({ do: fc.constant('delete' as const), key }), weight: 1 },
  { arbitrary: fc.constant({ do: 'flush' as const }), weight: 1 },
  {
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 20, 100, 1_000) }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      do: fc.constant('the database' as const),
      mood: fc.constantFrom<Mood>('well', 'well', 'down', 'slow', 'refuses a', 'poisoned by b'),
    }),
    weight: 2,
  },
)

const settings = fc.record({
  batch: fc.constantFrom(1, 2, 100),
  delay: fc.constantFrom(0, 50, 10_000),
  queue: fc.constantFrom(1, 2, 100),
  retries: fc.constantFrom(0, 1, 3),
  unwrittenTtl: fc.constantFrom(10, 60_000),
})

/** What a delete once took with it, though it was set later. */
const DELETED_BEFORE: [readonly Step[], typeof settings extends fc.Arbitrary<infer S> ? S : never] = [
  [
    { do: 'set', key: 'b' },
    { do: 'pass', ms: 0 },
    { do: 'set', key: 'd' },
    { do: 'flush' },
    { do: 'delete', key: 'd' },
    { do: 'the database', mood: 'poisoned by b' },
    { do: 'set', key: 'd' },
  ],
  { batch: 2, delay: 10_000, queue: 2, retries: 3, unwrittenTtl: 10 },
]

async function run(program: readonly Step[], options: object, local: boolean): Promise<void> {
  const clock = new ManualClock()
  const store = local ? lruStore() : memoryRemoteStore({ clock })
  const cache = openCache(memory, { clock, store, prefix: newPrefix(), ttl: '1h' })
  const rows = new Map<string, number>()
  const failed = new Set<number>()
  const underWay = new Set<string>()
  let mood: Mood = 'well'
  let closed = false

  const behind: WriteBehind<number, number> = writeBehind(cache.namespace<number>('n'), {
    ...options,
    onFailure: ({ value }) => void failed.add(value),
    async write(entries) {
      const keys = entries.map(([name]) => name)
      expect(closed).toBe(false)
      expect(new Set(keys).size).toBe(keys.length)
      for (const name of keys) expect(underWay.has(name)).toBe(false)
      for (const name of keys) underWay.add(name)
      try {
        if (mood === 'slow') await clock.sleep(70)
        if (mood === 'down') throw new Error('down')
        if (mood === 'poisoned by b' && keys.includes('b')) throw new Error('poisoned')
        return entries.map(([name, value]) => {
          if (mood === 'refuses a' && name === 'a') return new Error('refused')
          // What is older never comes later.
          expect(value).toBeGreaterThanOrEqual(rows.get(name) ?? 0)
          rows.set(name, value)
          return undefined
        })
      } finally {
        for (const name of keys) underWay.delete(name)
      }
    },
  })

  let number = 0
  /** The last value of each key; `undefined` once it was deleted. */
  const last = new Map<string, number | undefined>()
  const calls: Promise<unknown>[] = []
  for (const one of program) {
    switch (one.do) {
      case 'set':
        last.set(one.key, ++number)
        calls.push(behind.set(one.key, number))
        break
      case 'get':
        calls.push(behind.get(one.key))
        break
      case 'delete':
        last.set(one.key, undefined)
        calls.push(behind.delete(one.key))
        break
      case 'flush':
        calls.push(behind.flush())
        break
      case 'pass':
        await clock.advance(one.ms)
        break
      case 'the database':
        mood = one.mood
    }
    expect(behind.pending).toBeLessThanOrEqual((options as { queue: number }).queue)
  }
  // Whoever waits for room gets it first.
  const done = settled(Promise.all(calls))
  while (!done()) await clock.advance(10_000)
  const closing = behind.close()
  await clock.advance(10_000)
  await closing
  closed = true
  await clock.advance(100_000)
  expect(clock.pending).toBe(0)
  for (const [name, value] of last) {
    if (value !== undefined && !failed.has(value)) expect([name, rows.get(name)]).toEqual([name, value])
    const cached = await cache.namespace<number>('n').get(name)
    // Nobody is served what the database does not have.
    if (cached !== undefined) expect([name, cached]).toEqual([name, rows.get(name)])
  }
  await cache.close()
}

test.each([
  ['over a remote store', false],
  ['over a local store', true],
])(
  'whatever is set, fails and is flushed, the last value of each key is written or reported, %s',
  async (_, local) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 25 }),
        settings,
        (program: readonly Step[], options) => run(program, options, local),
      ),
      { numRuns: RUNS, examples: [DELETED_BEFORE] },
    )
  },
)
