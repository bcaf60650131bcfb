import { randomUUID } from 'node:crypto'
import type { CacheSettings } from '@lookaside/config'
import { type Cache, type Codec, writeBehind } from '@lookaside/core'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Model } from '../programs/model.js'
import { outcomeOf, programs, type Run, type Step } from '../programs/steps.js'
import { fromSettings, type Place, servers } from './members.js'

const RUNS = 60
const TIMEOUT = 60_000

/** A codec of the application's, which both configs have: whoever lacked it would read nothing. */
const own: Codec = {
  name: 'own',
  id: 210,
  encode: value => Buffer.from(`own:${JSON.stringify(value)}`),
  decode: bytes => JSON.parse(Buffer.from(bytes).toString().slice('own:'.length)),
}

/** One that says it is the same, and writes texts another way. */
const impostor: Codec = {
  name: 'impostor',
  id: own.id,
  encode: value => Buffer.from(`own:${JSON.stringify(value).toUpperCase()} `),
  decode: bytes => JSON.parse(Buffer.from(bytes).toString().slice('own:'.length).toLowerCase()),
}

/** What would load by itself is left out: a plain map does not. */
const quiet = { backOff: false, earlyRefresh: false, staleWhileRevalidate: false } as const

const builtIn = fc.constantFrom('auto' as const, 'json' as const, 'structured' as const)
const codecs = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(builtIn, builtIn) },
  { weight: 1, arbitrary: fc.constant([own, own] as const) },
)
const otherSettings: fc.Arbitrary<CacheSettings> = fc.record({
  compression: fc.constantFrom(false, { threshold: 0 }),
  guard: fc.constantFrom(false as const, quiet, { ...quiet, claimed: false as const }),
  ttl: fc.constantFrom('1m', '1h'),
  jitter: fc.constantFrom(0, 0.5),
  claimTtl: fc.constantFrom('1s', '10s'),
})

/** An old config and a new one. */
const configs = fc
  .tuple(codecs, otherSettings, otherSettings)
  .map(([[one, other], old, now]): readonly [CacheSettings, CacheSettings] => [
    { ...old, codec: one },
    { ...now, codec: other },
  ])

const caches = new Map<string, Promise<Cache>>()
afterAll(() => Promise.all([...caches.values()].map(async cache => (await cache).close())))

/** The cache of a config; one that was opened before serves again, under another namespace. */
function cacheOf(place: Place, part: string, prefix: string, given: CacheSettings): Promise<Cache> {
  const name = `${place.name} ${part} ${JSON.stringify(given, (_, value) => value?.name ?? value)}`
  const known = caches.get(name)
  if (known !== undefined) return known
  const opening = fromSettings(place, { grace: '1h', storeTimeout: '10s', ...given, prefix })
  caches.set(name, opening)
  return opening
}

let spaces = 0

/** Runs each step by one of two caches, and compares what it comes to with what a plain map gives. */
async function runsAsOneMap(pair: readonly Cache[], steps: readonly Step[], by: readonly boolean[]) {
  const model = new Model()
  const name = `program-${spaces++}`
  const [one, other] = pair.map(cache => cache.namespace(name)) as [Cache, Cache]
  const written = new Map<string, unknown>()
  const behind = writeBehind(one, {
    write: entries => {
      for (const [key, value] of entries) written.set(key, value)
    },
    delay: '1h',
    batch: 1_000,
  })
  // What was looked up is of use to the cache that has looked: one of them does all that is conditional.
  const runs = [one, other].map((cache): Run => ({ cache, behind, lookups: new Map() }))
  try {
    for (const [index, step] of steps.entries()) {
      const shown = step[fc.toStringMethod]()
      const conditional = /^lookup|as it was looked up/.test(shown)
      const run = runs[by[index] === true && !conditional ? 1 : 0] as Run
      const expected = step.expected(model)
      expect(await outcomeOf(step, run), shown).toEqual(expected)
    }
  } finally {
    await behind.close()
  }
  model.flush()
  expect(written).toEqual(model.written)
}

const turns = fc.array(fc.boolean(), { minLength: 40, maxLength: 40 })

test.each(servers)(
  'Any program of calls by two caches of any two configs gives the results of one plain map on $name',
  async place => {
    const prefix = `config-${randomUUID()}`
    await fc.assert(
      fc.asyncProperty(configs, programs, turns, async ([old, now], steps, by) => {
        const pair = [await cacheOf(place, 'old', prefix, old), await cacheOf(place, 'new', prefix, now)]
        await runsAsOneMap(pair, steps, by)
      }),
      { numRuns: RUNS },
    )
  },
  TIMEOUT,
)

test.each(servers)(
  'A config whose codec takes the id of another one is found out by such programs on $name',
  async place => {
    const prefix = `config-${randomUUID()}`
    const pair = await Promise.all(
      [own, impostor].map((codec, index) => cacheOf(place, `part ${index}`, prefix, { codec, guard: quiet })),
    )
    const found = await fc.check(
      fc.asyncProperty(programs, turns, (steps, by) => runsAsOneMap(pair, steps, by)),
      { numRuns: RUNS, endOnFailure: true },
    )
    expect(found.failed).toBe(true)
  },
  TIMEOUT,
)
