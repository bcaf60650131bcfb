import type { Cache } from '@lookaside/core'
import type { FaultyStore, StoreOperation } from '@lookaside/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type CutOff, type CutOffOptions, cutOff } from './cut-off.js'
import { joining } from './joining.js'
import { settled } from './settled.js'

const RUNS = 100
const KEYS = ['a', 'b'] as const
type Key = (typeof KEYS)[number]

/** What the database holds, and one cache on a store that fails at random, beside another that always reaches it. */
interface World extends CutOff {
  readonly rows: Map<Key, number>
  /** Waits for what may be waiting for a store that does not answer. */
  done<T>(call: Promise<T>): Promise<T>
  /** Reads the row when it begins, and returns it later. */
  slowly(key: Key): Promise<string>
  row(key: Key): string
}

const tags = (key: Key) => [`t-${key}`]

/** The ways in which a new row makes the old one obsolete; whether they are delivered or not. */
const invalidations: Record<string, (cache: Cache, key: Key, row: string) => Promise<unknown>> = {
  delete: (cache, key) => cache.delete(key),
  deleteMany: cache => cache.deleteMany(KEYS),
  expire: (cache, key) => cache.expire(key),
  deleteTags: (cache, key) => cache.deleteTags(tags(key)),
  expireTags: (cache, key) => cache.expireTags(tags(key)),
  clear: cache => cache.clear(),
  set: (cache, key, row) => cache.set(key, row, { tags: tags(key) }),
  setMany: (cache, key, row) => cache.setMany([[key, row]], { tags: tags(key) }),
  'set nothing': (cache, key, row) => cache.set(key, row, { ttl: 0 }),
  refresh: (cache, key, row) => cache.getOrSet(key, () => row, { refresh: true, tags: tags(key) }),
}

const reads: Record<string, (world: World, key: Key) => Promise<unknown>> = {
  get: ({ cache }, key) => cache.get(key),
  getMany: async ({ cache }, key) => (await cache.getMany([key])).get(key),
  getOrSet: ({ cache, row }, key) => cache.getOrSet(key, () => row(key), { tags: tags(key) }),
  'getOrSet with tags of the value': ({ cache, row }, key) =>
    cache.getOrSet(key, () => row(key), { tags: () => tags(key) }),
  lookup: async ({ cache }, key) => {
    const found = await cache.lookup(key)
    return found.state === 'fresh' ? found.value : undefined
  },
  peek: async ({ cache }, key) => cache.peek(key),
}

interface Step {
  run(world: World): Promise<void>
  /** How it is shown in a counterexample. */
  readonly [fc.toStringMethod]: () => string
}

const step = (name: string, run: Step['run']): Step => ({ run, [fc.toStringMethod]: () => name })

const writing: StoreOperation[] = ['set', 'add', 'replace', 'delete', 'deleteMany', 'expire', 'clear']
const faults: ((store: FaultyStore) => void)[] = [
  store => store.fail(),
  store => store.hang(),
  store => store.drop(),
  store => store.fail(undefined, { ops: writing }),
  store => store.drop({ ops: writing }),
  store => store.fail(undefined, { ops: ['delete', 'deleteMany'] }),
  store => store.hang({ times: 1 }),
  store => store.fail(undefined, { times: 2 }),
]

const anyKey = fc.constantFrom(...KEYS)

const steps: [number, fc.Arbitrary<Step>][] = [
  [
    3,
    fc
      .integer({ min: 0, max: faults.length - 1 })
      .map(fault => step(`fault ${fault}`, async ({ store }) => faults[fault]?.(store))),
  ],
  [3, fc.constant(step('heal', async ({ store }) => store.heal()))],
  [3, fc.integer({ min: 0, max: 1_500 }).map(ms => step(`${ms} ms`, ({ clock }) => clock.advance(ms)))],
  [1, fc.constant(step('10 min', ({ clock }) => clock.advance(600_000)))],
  [
    4,
    fc.tuple(anyKey, fc.constantFrom(...Object.keys(invalidations))).map(([key, how]) =>
      step(`write ${key}, ${how}`, async world => {
        for (const one of how === 'clear' || how === 'deleteMany' ? KEYS : [key]) {
          world.rows.set(one, (world.rows.get(one) ?? 0) + 1)
        }
        await world.done(invalidations[how]?.(world.cache, key, world.row(key)) ?? Promise.resolve())
      }),
    ),
  ],
  [
    6,
    fc.tuple(anyKey, fc.constantFrom(...Object.keys(reads))).map(([key, how]) =>
      step(`${how} ${key}`, async world => {
        const found = await world.done(reads[how]?.(world, key) ?? Promise.resolve())
        if (found !== undefined) expect(found).toBe(world.row(key))
      }),
    ),
  ],
  [
    2,
    fc.tuple(anyKey, fc.boolean(), fc.boolean()).map(([key, there, named]) =>
      step(
        `begin to load ${key}${there ? ' there' : ''}${named ? '' : ', tags of the value'}`,
        async ({ cache, other, slowly }) => {
          const from = there ? other : cache
          const options = { tags: named ? tags(key) : () => tags(key) }
          // What it returns may be old, since it began before: what it leaves in the cache may not.
          from.getOrSet(key, () => slowly(key), options).catch(() => {})
        },
      ),
    ),
  ],
  [
    2,
    anyKey.map(key =>
      step(`load ${key} there`, async ({ other, row }) => {
        await other.getOrSet(key, () => row(key), { tags: tags(key) })
      }),
    ),
  ],
]

function worldOf(options: CutOffOptions, lists: boolean): World {
  const both = cutOff({ grace: '1m', ...options }, { without: lists ? [] : ['clear', 'expire'] })
  const { clock } = both
  const rows = new Map<Key, number>()
  const row = (key: Key) => `${key}${rows.get(key) ?? 0}`
  return {
    ...both,
    rows,
    row,
    async done(call) {
      const isDone = settled(call)
      await clock.advance(0)
      while (!isDone()) await clock.advance(50)
      return call
    },
    async slowly(key) {
      const found = row(key)
      await clock.sleep(300)
      return found
    },
  }
}

it('A process never reads a value older than its last invalidation of it, whatever the store does', async () => {
  const setting = fc.record({ local: fc.boolean(), joins: fc.boolean(), lists: fc.boolean() })
  const script = fc.array(fc.oneof(...steps.map(([weight, arbitrary]) => ({ weight, arbitrary }))), {
    minLength: 5,
    maxLength: 30,
  })
  await fc.assert(
    fc.asyncProperty(setting, script, async ({ local, joins, lists }, taken) => {
      const world = worldOf({ local, guard: joins ? joining : undefined }, lists)
      for (const { run } of taken) await run(world)
      world.store.heal()
      // A clear that got lost is given up after a minute. By then everybody has been told.
      await world.clock.advance(65_000)
      for (const key of KEYS) {
        const found = await world.other.get(key)
        if (found !== undefined) expect(found).toBe(world.row(key))
      }
      const closing = world.cache.close()
      await world.clock.advance(10_000)
      await closing
    }),
    { numRuns: RUNS },
  )
}, 600_000)
