import { type Cache, isCacheError, type Lookup, type WriteBehind, writeThrough } from '@lookaside/core'
import fc from 'fast-check'
import type { Model } from './model.js'

/** A cache that a program runs on, with what it has to remember. */
export interface Run {
  readonly cache: Cache
  readonly behind: WriteBehind
  readonly lookups: Map<string, Lookup<unknown>>
}

/** One call: what a cache answers, and what the model says that it should. */
export interface Step {
  readonly run: (run: Run) => unknown
  readonly expected: (model: Model) => unknown
  /** How it is shown in a counterexample. */
  readonly [fc.toStringMethod]: () => string
}

/** Keys whose values may have tags; what is set on a condition has none. */
const TAGGED = ['a', 'b'] as const
const PLAIN = ['c', 'd'] as const
const TAGS = ['s', 't'] as const

const anyKey = fc.constantFrom(...TAGGED, ...PLAIN)
const plainKey = fc.constantFrom(...PLAIN)
const tagsOf = (key: string) =>
  (TAGGED as readonly string[]).includes(key) ? fc.subarray([...TAGS]) : fc.constant<('s' | 't')[]>([])
const keyAndTags = anyKey.chain(key => fc.tuple(fc.constant(key), tagsOf(key)))
const value = fc.oneof(
  fc.string({ maxLength: 3 }),
  fc.integer(),
  fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
  fc.constant(null),
)

/** A value, or the failure of the loader or of the write. */
const outcome = fc.oneof(
  { weight: 3, arbitrary: value },
  { weight: 1, arbitrary: fc.constant(new Error('the database is down')) },
)

function returned(what: unknown): unknown {
  if (what instanceof Error) throw what
  return what
}

function step(name: string, run: Step['run'], expected: Step['expected']): Step {
  return { run, expected, [fc.toStringMethod]: () => name }
}

const shown = (...given: readonly unknown[]) => given.map(each => fc.stringify(each)).join(', ')

/** What has been appended to what was there. */
function appended(current: unknown, more: unknown): unknown {
  return [current ?? 'nothing', more]
}

const STEPS: readonly fc.Arbitrary<Step>[] = [
  anyKey.map(key =>
    step(
      `get ${key}`,
      ({ cache }) => cache.get(key),
      model => model.get(key),
    ),
  ),
  keyAndTags.map(([key, tags]) =>
    step(
      `get ${shown(key, tags)}`,
      ({ cache }) => cache.get(key, { tags }),
      model => model.get(key, tags),
    ),
  ),
  anyKey.map(key =>
    step(
      `lookup ${key}`,
      async ({ cache, lookups }) => {
        const found = await cache.lookup(key)
        lookups.set(key, found)
        return found.state
      },
      model => {
        model.lookUp(key)
        return model.state(key)
      },
    ),
  ),
  fc.tuple(keyAndTags, value).map(([[key, tags], given]) =>
    step(
      `set ${shown(key, given, tags)}`,
      ({ cache }) => cache.set(key, given, { tags }),
      model => {
        model.set(key, given, tags)
        return true
      },
    ),
  ),
  fc.tuple(plainKey, value).map(([key, given]) =>
    step(
      `set ${shown(key, given)} as it was looked up`,
      ({ cache, lookups }) => {
        const found = lookups.get(key)
        return found === undefined ? 'never' : cache.set(key, given, { ifVersion: found.version })
      },
      model => {
        if (!model.hasLookedUp(key)) return 'never'
        const stores = model.isAsLookedUp(key)
        if (stores) model.set(key, given)
        return stores
      },
    ),
  ),
  anyKey.map(key =>
    step(
      `set ${key} for no time`,
      ({ cache }) => cache.set(key, 1, { ttl: 0 }),
      model => {
        model.delete(key)
        return false
      },
    ),
  ),
  fc.tuple(keyAndTags, outcome, fc.boolean()).map(([[key, tags], loaded, refresh]) =>
    step(
      `getOrSet ${shown(key, tags, loaded, refresh)}`,
      ({ cache }) => cache.getOrSet(key, () => returned(loaded), { tags, refresh }),
      model => model.getOrSet(key, loaded, tags, refresh),
    ),
  ),
  fc.tuple(fc.array(anyKey, { maxLength: 5 }), outcome, fc.boolean()).map(([keys, loaded, byItem]) =>
    step(
      `getOrSetMany ${shown(keys, loaded, byItem)}`,
      ({ cache }) =>
        byItem
          ? cache.getOrSetMany(keys, {
              key: key => key,
              load: missing => new Map(missing.map(key => [key, loaded])),
              onError: 'return',
            })
          : cache.getOrSetMany(keys, {
              key: key => key,
              load: missing => missing.map(() => loaded),
              onError: 'return',
            }),
      model => keys.map(key => model.getOrSet(key, loaded)),
    ),
  ),
  fc.array(anyKey, { maxLength: 5 }).map(keys =>
    step(
      `getMany ${shown(keys)}`,
      async ({ cache }) => new Map([...(await cache.getMany(keys))].toSorted()),
      model => {
        const found = [...new Set(keys)].filter(key => model.state(key) === 'fresh')
        return new Map(found.map(key => [key, model.get(key)] as const).toSorted())
      },
    ),
  ),
  fc.array(fc.tuple(anyKey, value), { maxLength: 3 }).map(entries =>
    step(
      `setMany ${shown(new Map(entries))}`,
      ({ cache }) => cache.setMany(new Map(entries)),
      model => {
        for (const [key, given] of new Map(entries)) model.set(key, given)
        return true
      },
    ),
  ),
  fc.array(anyKey, { maxLength: 3 }).map(keys =>
    step(
      `deleteMany ${shown(keys)}`,
      ({ cache }) => cache.deleteMany(keys),
      model => {
        for (const key of keys) model.delete(key)
        return true
      },
    ),
  ),
  anyKey.map(key =>
    step(
      `expire ${key}`,
      ({ cache }) => cache.expire(key),
      model => {
        model.expire(key)
        return true
      },
    ),
  ),
  fc.tuple(fc.constantFrom(...TAGS), fc.boolean()).map(([tag, softly]) =>
    step(
      `${softly ? 'expireTags' : 'deleteTags'} ${tag}`,
      ({ cache }) => (softly ? cache.expireTags([tag]) : cache.deleteTags([tag])),
      model => {
        if (softly) model.expireTag(tag)
        else model.deleteTag(tag)
        return true
      },
    ),
  ),
  fc
    .tuple(anyKey, fc.integer({ min: -5, max: 9 }).filter(Boolean), fc.nat({ max: 3 }), fc.boolean())
    .map(([key, by, initial, big]) =>
      step(
        `increment ${shown(key, by, initial, big)}`,
        ({ cache }) =>
          big ? cache.increment(key, BigInt(by), { initial }) : cache.increment(key, by, { initial }),
        model => {
          const count = model.increment(key, BigInt(by), BigInt(initial))
          return big || typeof count !== 'bigint' ? count : Number(count)
        },
      ),
    ),
  fc.tuple(keyAndTags, outcome).map(([[key, tags], more]) =>
    step(
      `update ${shown(key, tags, more)}`,
      ({ cache }) => cache.update(key, current => appended(current, returned(more)), { tags }),
      model => {
        if (more instanceof Error) return more
        const next = appended(model.get(key), more)
        model.set(key, next, tags)
        return next
      },
    ),
  ),
  fc.tuple(keyAndTags, outcome).map(([[key, tags], written]) =>
    step(
      `writeThrough ${shown(key, tags, written)}`,
      ({ cache }) =>
        writeThrough(
          cache,
          key,
          (row: unknown) => row,
          () => returned(written),
          { tags },
        ),
      model => {
        if (written instanceof Error) model.delete(key)
        else model.set(key, written, tags)
        return written
      },
    ),
  ),
  // What of such a value an expire leaves has a version on some stores, and is gone on others.
  fc.tuple(fc.constantFrom(...TAGGED), value).map(([key, given]) =>
    step(
      `set ${shown(key, given)} behind`,
      ({ behind }) => behind.set(key, given),
      model => model.setBehind(key, given),
    ),
  ),
  anyKey.map(key =>
    step(
      `get ${key} before it is written`,
      ({ behind }) => behind.get(key),
      model => model.getBehind(key),
    ),
  ),
  fc.constant(
    step(
      'flush',
      ({ behind }) => behind.flush(),
      model => model.flush(),
    ),
  ),
]

/** Programs of calls one after another. */
export const programs = fc.array(fc.oneof(...STEPS), { maxLength: 40, size: 'max' })

/** What a step comes to on a cache: the error it rejects with, by its code where it is the library's. */
export async function outcomeOf({ run }: Step, on: Run): Promise<unknown> {
  try {
    return await run(on)
  } catch (error) {
    return isCacheError(error) ? error.code : error
  }
}
