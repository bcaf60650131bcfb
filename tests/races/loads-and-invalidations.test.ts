import type { Cache } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { eventTrace, ManualClock } from '@lookaside/testing'
import { describe, expect, test, vi } from 'vitest'
import { type Backend, lru, memcached, newPrefix, openCache, redis } from '../backends.js'
import { cleared } from '../behaviour/cleared.js'
import { settled } from '../behaviour/settled.js'
import { heldLoad } from './held-load.js'
import { deletePlainly } from './plain-client.js'

const TTL = 60_000

/** How long the first value took to load, by which a guard judges when to refresh it early. */
const LOAD_TIME = 10_000

/** How a load comes about. */
interface Kind {
  readonly name: string
  /** How old the value is that it is to replace; without it there is none. */
  readonly age?: number
  /** How long its caller waits before it is served that value. */
  readonly softTimeout?: number
  readonly told: readonly string[]
}

const KINDS: readonly Kind[] = [
  { name: 'the load of a miss', told: [] },
  { name: 'the refresh of a stale value in the background', age: TTL, softTimeout: 0, told: [] },
  { name: 'an early refresh', age: TTL - 5_000, softTimeout: 0, told: ['early-refresh'] },
  { name: 'a refresh that outlasts its softTimeout', age: TTL, softTimeout: 100, told: [] },
]

/** What a writer does after it has committed the new row. */
interface Change {
  readonly name: string
  readonly run: (writer: Cache, backend: Backend, clock: ManualClock) => Promise<unknown>
  /** Whether it leaves the first value to be served as stale, or a new one; else nothing. */
  readonly leaves?: 'stale' | 'new'
  /** Whether it leaves claims as they are: what is then stored for them is not seen by anybody. */
  readonly sparesClaims?: boolean
}

const CHANGES: readonly Change[] = [
  { name: 'a delete', run: writer => writer.delete('row') },
  { name: 'a deleteMany', run: writer => writer.deleteMany(['other', 'row']) },
  { name: 'an expire', run: writer => writer.expire('row'), leaves: 'stale' },
  { name: 'a set', run: writer => writer.set('row', 'new'), leaves: 'new' },
  { name: 'a clear', run: (writer, _backend, clock) => cleared(writer, clock) },
]

/** Where keys can't be listed a clear ends the generation of all values; claims have none. */
const changesOn = ({ lists }: Backend): readonly Change[] =>
  CHANGES.map(change => (change.name === 'a clear' ? { ...change, sparesClaims: !lists } : change))

const PLAIN_DELETE: Change = {
  name: 'a plain delete',
  run: (writer, backend) => deletePlainly(backend, `${writer.path}::row`),
}

/** A cache under the guard, whose background work can be waited for. */
function open(backend: Backend, clock: ManualClock, prefix: string) {
  const work: Promise<unknown>[] = []
  const cache = openCache(backend, {
    clock,
    prefix,
    ttl: TTL,
    grace: '1h',
    claimTtl: '1h',
    guard: stampedeGuard(),
    waitUntil: promise => void work.push(promise),
  })
  const trace = eventTrace(cache)
  const loads = () =>
    trace.types().filter(type => /^(load|load-error|early-refresh|commit|commit-rejected)$/.test(type))
  return { cache, trace, loads, atRest: () => Promise.all(work) }
}

/** Starts a load of the old row, whose caller has been served by now what it may be served meanwhile. */
async function startLoad({ age, softTimeout }: Kind, clock: ManualClock, reader: ReturnType<typeof open>) {
  const { cache, trace } = reader
  if (age !== undefined) {
    await cache.getOrSet('row', async () => {
      await clock.advance(LOAD_TIME)
      return 'first'
    })
    await clock.advance(age)
    trace.events.length = 0
  }
  const held = heldLoad<string>()
  const reading = cache.getOrSet('row', held.load, { softTimeout })
  await held.begun
  if (softTimeout !== undefined) {
    await clock.advance(softTimeout)
    expect(await reading).toBe('first')
  }
  return async () => {
    held.finish('old')
    // Who was waiting before the write may get what was loaded before it.
    if (softTimeout === undefined) expect(await reading).toBe('old')
    await reader.atRest()
  }
}

/** What a lookup finds after the change. */
function left({ leaves }: Change, { age }: Kind) {
  if (leaves === 'new') return { state: 'fresh', value: 'new' }
  return leaves === 'stale' && age !== undefined ? { state: 'stale', value: 'first' } : { state: 'miss' }
}

/** Plays each kind of load against each change by a writer that `openWriter` opens. */
function play(
  backend: Backend,
  changes: readonly Change[],
  openWriter: (reader: Cache, clock: ManualClock) => Cache,
): void {
  async function race(kind: Kind, change: Change) {
    const clock = new ManualClock()
    const reader = open(backend, clock, newPrefix())
    const writer = openWriter(reader.cache, clock)
    const finish = await startLoad(kind, clock, reader)
    await change.run(writer, backend, clock)
    const found = left(change, kind)
    /** The next call, which gets what it may be served while the new row is loaded. */
    const ask = async () => expect(await reader.cache.getOrSet('row', () => 'new')).toBe(found.value ?? 'new')
    const hidden = change.sparesClaims === true && writer !== reader.cache
    const overtaken = ['load', hidden ? 'commit' : 'commit-rejected']
    return { clock, reader, finish, found, ask, overtaken, caches: [reader.cache, writer] }
  }

  describe.each(KINDS)('$name', kind => {
    test.each(changes)('that is overtaken by $name is not stored', async change => {
      const { reader, finish, found, ask, overtaken, caches } = await race(kind, change)
      await finish()

      expect(reader.loads()).toEqual([...kind.told, ...overtaken])
      for (const cache of caches) expect(await cache.lookup('row')).toMatchObject(found)
      await ask()
      await reader.atRest()
      for (const cache of caches) expect(await cache.get('row')).toBe('new')
    })

    const spared = (change: Change) => change.sparesClaims === true && kind.age === undefined
    const voiding = changes.filter(change => !spared(change))

    test.each(voiding)('is not shared with who asks after $name, nor stored over theirs', async change => {
      const { reader, finish, ask, caches } = await race(kind, change)
      await ask()
      await vi.waitFor(async () => expect(await reader.cache.get('row')).toBe('new'))
      await finish()

      const theirs = change.leaves === 'new' ? [] : ['load', 'commit']
      expect(reader.loads()).toEqual([...kind.told, ...theirs, 'load', 'commit-rejected'])
      for (const cache of caches) expect(await cache.get('row')).toBe('new')
    })

    test.each(changes.filter(spared))('is waited for after $name, and then not shared', async change => {
      const { clock, reader, finish, ask, overtaken, caches } = await race(kind, change)
      const asking = ask()
      const done = settled(asking)
      await finish()
      await vi.waitFor(async () => {
        await clock.advance(50)
        expect(done()).toBe(true)
      })
      await asking
      expect(reader.loads()).toEqual([...kind.told, ...overtaken, 'load', 'commit'])
      for (const cache of caches) expect(await cache.get('row')).toBe('new')
    })
  })
}

describe('in one process on lru,', () => {
  play(lru, CHANGES, reader => reader)
})

describe.each([redis, memcached])('in one process on $name,', backend => {
  play(backend, [...changesOn(backend), PLAIN_DELETE], reader => reader)
})

describe.each([redis, memcached])('in two processes on $name,', backend => {
  play(backend, changesOn(backend), (reader, clock) => open(backend, clock, reader.path).cache)
})
