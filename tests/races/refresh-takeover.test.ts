import type { Cache, CacheOptions } from '@lookaside/core'
import { claimed } from '@lookaside/stampede-guard'
import type { ManualClock } from '@lookaside/testing'
import { describe, expect, test, vi } from 'vitest'
import { type Backend, memory, remoteBackends } from '../backends.js'
import { settled } from '../behaviour/settled.js'
import { type ClaimWorld, memoryWorld, type Opened, worldOn } from './claim-world.js'
import { heldLoad } from './held-load.js'
import { deletePlainly } from './plain-client.js'

/** Values are stale after a minute, and dead 20 s later. */
const OPTIONS = { ttl: '1m', grace: '20s', hardTimeout: '1h' } satisfies Partial<CacheOptions>

/** How long a refresh that began when its value went stale has run 10 ms before that value's death. */
const TAKE_OVER = 19_990

const waiting = claimed({ wait: '1h' })

/** A refresh that begins at the moment when the value goes stale. */
async function refresh(cache: Cache, clock: ManualClock) {
  await cache.set('row', 'first')
  await clock.advance(60_000)
  const held = heldLoad<string>()
  const reading = cache.getOrSet('row', held.load)
  await held.begun
  return { held, reading }
}

/** What was asked of the store for the key itself, once the load had begun. */
function asked({ store }: Opened, world: ClaimWorld): string[] {
  const ops = store.calls.filter(({ keys }) => keys.includes(world.at('row'))).map(({ op }) => op)
  // On memcached the generation of the namespace is read beside it.
  return ops.slice(ops.findIndex(op => op === 'get' || op === 'getMany') + 1)
}

/** Lets a caller who looks again and again have its answer. */
async function answered(clock: ManualClock, call: Promise<unknown>): Promise<unknown> {
  const done = settled(call)
  await vi.waitFor(async () => {
    await clock.advance(50)
    expect(done()).toBe(true)
  })
  return call
}

/** What another process does after it has committed a new row. */
interface Change {
  readonly name: string
  readonly run: (there: Opened, at: string, backend: Backend) => Promise<unknown>
  readonly leaves?: 'new'
}

const CHANGES: readonly Change[] = [
  { name: 'a delete', run: ({ cache }) => cache.delete('row') },
  { name: 'an expire', run: ({ cache }) => cache.expire('row') },
  { name: 'a set', run: ({ cache }) => cache.set('row', 'new'), leaves: 'new' },
  {
    name: 'a plain delete',
    run: ({ store }, at, backend) => (backend === memory ? store.delete(at) : deletePlainly(backend, at)),
  },
]

describe.each(remoteBackends)('a refresh that outlives its value on $name', backend => {
  /** Two processes, of which one refreshes; without renewals, since real servers answer in their own time. */
  async function race() {
    const world = worldOn(backend)
    const options = { ...OPTIONS, claimTtl: '1h', guard: waiting } as const
    const [here, there] = [world.open(backend, options), world.open(backend, options)]
    const started = await refresh(here.cache, world.clock)
    here.trace.events.length = 0
    await world.clock.advance(TAKE_OVER - 1)
    return { world, here, there, ...started }
  }

  /** Lets the 10 ms begin. */
  async function takeOver(world: ClaimWorld, here: Opened) {
    expect(asked(here, world)).toEqual([])
    await world.clock.advance(1)
    expect(asked(here, world)).toEqual(['replace'])
  }

  test('that another process forces meanwhile loses even with its marker over the value', async () => {
    const { world, here, there, held, reading } = await race()
    const forced = heldLoad<string>()
    const forcing = there.cache.getOrSet('row', forced.load, { refresh: true })
    await forced.begun
    // Both want to put their markers over the same value; the older refresh does, since the other's takes 5 ms to arrive.
    there.store.delay(5, { ops: ['replace'] })
    await takeOver(world, here)
    await vi.waitFor(async () => expect(await here.cache.lookup('row')).toMatchObject({ state: 'miss' }))
    await world.clock.advance(5)
    await vi.waitFor(() => expect(asked(there, world).at(-1)).toBe('replace'))
    there.store.heal()
    forced.finish('newer')
    expect(await forcing).toBe('newer')
    held.finish('older')
    expect(await reading).toBe('older')
    expect(await there.cache.lookup('row')).toMatchObject({ state: 'miss' })
    expect(await here.cache.lookup('row')).toMatchObject({ state: 'miss' })
  })

  test('puts its marker 10 ms before the death, and is stored over that', async () => {
    const { world, here, there, held, reading } = await race()
    expect(await there.cache.lookup('row')).toMatchObject({ state: 'stale', value: 'first' })
    await takeOver(world, here)
    await vi.waitFor(async () => expect(await there.cache.lookup('row')).toMatchObject({ state: 'miss' }))
    await world.clock.advance(60_000)
    held.finish('second')
    expect(await reading).toBe('second')
    expect(here.trace.types()).toEqual(['load', 'commit'])
    expect(await there.cache.get('row')).toBe('second')
  })

  test('makes other processes wait from then on, and callers of its own share it', async () => {
    const { world, here, there, held, reading } = await race()
    await takeOver(world, here)
    await vi.waitFor(async () => expect(await there.cache.lookup('row')).toMatchObject({ state: 'miss' }))
    const before = there.cache.getOrSet('row', () => 'loaded there')
    await world.clock.advance(20)
    const after = there.cache.getOrSet('row', () => 'loaded there')
    const sharing = here.cache.getOrSet('row', () => 'loaded twice')
    const done = settled(Promise.race([before, after, sharing]))
    await world.clock.advance(10_000)
    await vi.waitFor(() => expect(there.trace.types()).toContain('claim-wait'))
    expect(done()).toBe(false)
    held.finish('second')
    const calls = Promise.all([reading, before, after, sharing])
    expect(await answered(world.clock, calls)).toEqual(Array(4).fill('second'))
    expect(there.trace.types().filter(type => type === 'load')).toEqual([])
    expect(here.trace.types().filter(type => type === 'load')).toEqual(['load'])
  })

  test.each(CHANGES)('is not stored after $name before that', async ({ run, leaves }) => {
    const { world, here, there, held, reading } = await race()
    await run(there, world.at('row'), backend)
    await takeOver(world, here)
    await world.clock.advance(10)
    held.finish('old')
    expect(await reading).toBe('old')
    expect(here.trace.types()).toEqual(['load', 'commit-rejected'])
    expect(asked(here, world)).toEqual(['replace'])
    for (const { cache } of [here, there]) expect(await cache.get('row')).toBe(leaves)
    expect(await there.cache.getOrSet('row', () => 'new')).toBe('new')
    expect(await here.cache.get('row')).toBe('new')
  })

  test.each(CHANGES)('is not stored after $name after that', async ({ run, leaves }) => {
    const { world, here, there, held, reading } = await race()
    await takeOver(world, here)
    await vi.waitFor(async () => expect(await there.cache.lookup('row')).toMatchObject({ state: 'miss' }))
    await run(there, world.at('row'), backend)
    expect(await here.cache.getOrSet('row', () => 'new')).toBe('new')
    held.finish('old')
    expect(await reading).toBe('old')
    expect(here.trace.types().slice(-2)).toEqual(['load', 'commit-rejected'])
    for (const { cache } of [here, there]) expect(await cache.get('row')).toBe('new')
    expect(here.trace.types().includes('commit')).toBe(leaves === undefined)
  })
})

describe('a refresh that outlives its value', () => {
  const options = { ...OPTIONS, claimTtl: '5s' } as const

  async function race(own: Partial<CacheOptions> = {}) {
    const { world, server } = memoryWorld()
    const here = world.open(memory, { ...options, ...own })
    const there = world.open(memory, { ...options, guard: waiting })
    const started = await refresh(here.cache, world.clock)
    here.trace.events.length = 0
    return { world, server, here, there, ...started }
  }

  test('keeps its place for as long as it takes', async () => {
    const { world, here, there, held, reading } = await race()
    await world.clock.advance(TAKE_OVER + 60_000)
    const call = there.cache.getOrSet('row', () => 'loaded there')
    await world.clock.advance(60_000)
    held.finish('second')
    expect(await reading).toBe('second')
    expect(await answered(world.clock, call)).toBe('second')
    expect(there.trace.types()).toEqual(['miss', 'claim-wait'])
    expect(here.trace.types()).toEqual(['load', 'commit'])
  })

  test('leaves the key free at once when it fails', async () => {
    const { world, server, here, there, held, reading } = await race()
    await world.clock.advance(TAKE_OVER + 60_000)
    held.fail(new Error('database down'))
    await expect(reading).rejects.toThrow('database down')
    expect(server.keys()).toEqual([])
    expect(await there.cache.getOrSet('row', () => 'second')).toBe('second')
    expect(await here.cache.get('row')).toBe('second')
    expect(world.clock.pending).toBe(0)
  })

  test('stores its result after the marker, however late the answer to that comes', async () => {
    const { world, here, held, reading } = await race()
    await world.clock.advance(TAKE_OVER - 1)
    here.store.delay(100, { ops: ['replace'], times: 1 })
    await world.clock.advance(1)
    held.finish('second')
    await world.clock.advance(99)
    expect(asked(here, world)).toEqual(['replace'])
    await world.clock.advance(1)
    expect(await reading).toBe('second')
    expect(asked(here, world)).toEqual(['replace', 'replace'])
    expect(here.trace.types()).toEqual(['load', 'commit'])
  })

  test('that can not put its marker tries again after half of claimTtl each time, and not sooner', async () => {
    const { world, here, held, reading } = await race({ breaker: false })
    await world.clock.advance(TAKE_OVER - 1)
    here.store.fail(new Error('connection reset'), 'replace')
    await world.clock.advance(1)
    expect(asked(here, world)).toHaveLength(1)
    for (let tries = 2; tries < 20; tries++) {
      await world.clock.advance(2_499)
      expect(asked(here, world)).toHaveLength(tries - 1)
      await world.clock.advance(1)
      expect(asked(here, world)).toHaveLength(tries)
    }
    here.store.heal()
    held.finish('late')
    expect(await reading).toBe('late')
    expect(here.trace.types().slice(-2)).toEqual(['load', 'commit-rejected'])
    expect(world.clock.pending).toBe(0)
  })

  test('that put its marker at the second try is stored, as long as nobody has claimed the dead value', async () => {
    const { world, here, held, reading } = await race()
    await world.clock.advance(TAKE_OVER - 1)
    here.store.fail(new Error('connection reset'), { ops: ['replace'], times: 1 })
    await world.clock.advance(1 + 2_500 + 60_000)
    held.finish('second')
    expect(await reading).toBe('second')
    expect(here.trace.types()).toEqual(['store-error', 'load', 'commit'])
  })

  test('that put no marker in time is rejected when somebody else has claimed the dead value', async () => {
    const { world, here, there, held, reading } = await race()
    await world.clock.advance(TAKE_OVER - 1)
    here.store.fail(new Error('connection reset'), { ops: ['replace'], times: 1 })
    await world.clock.advance(1 + 10)
    expect(await there.cache.getOrSet('row', () => 'loaded there')).toBe('loaded there')
    await world.clock.advance(5_000)
    held.finish('late')
    expect(await reading).toBe('late')
    expect(here.trace.types()).toEqual(['store-error', 'load', 'commit-rejected'])
    expect(await here.cache.get('row')).toBe('loaded there')
  })

  test('whose marker was put without an answer is rejected, and holds the key no longer than claimTtl', async () => {
    const { world, here, there, held, reading } = await race({ storeTimeout: '200ms' })
    await world.clock.advance(TAKE_OVER - 1)
    here.store.drop({ ops: ['replace'], times: 1 })
    await world.clock.advance(1)
    const call = there.cache.getOrSet('row', () => 'loaded there')
    const done = settled(call)
    await world.clock.advance(4_900)
    expect(done()).toBe(false)
    await world.clock.advance(200)
    expect(await call).toBe('loaded there')
    held.finish('late')
    expect(await reading).toBe('late')
    expect(here.trace.types()).toEqual(['store-error', 'load', 'commit-rejected'])
    expect(await here.cache.get('row')).toBe('loaded there')
  })
})
