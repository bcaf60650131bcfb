import type { Cache, RemoteStore } from '@lookaside/core'
import { faultyStore, ManualClock, memoryRemoteServer } from '@lookaside/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Backend, memory, newPrefix, openCache, remoteBackends } from '../backends.js'
import { heldLoad } from '../races/held-load.js'
import { guards } from './guards.js'
import { skewedClock } from './skewed-clock.js'

const HOUR = 3_600_000
const named = { tags: ['t'] }
const computed = { tags: () => ['t'] }

/** A cache, and the keys and bytes behind its tags. */
function opened(backend: Backend, options: Parameters<typeof openCache>[1] = {}) {
  const prefix = newPrefix()
  const cache = openCache(backend, { prefix, ...options })
  const server = backend.openStore() as RemoteStore
  onTestFinished(() => server.close())
  return { cache, server, prefix, token: `${prefix}:#tag:t`, epoch: `${prefix}:#epoch:` }
}

/** Whether a load of `row` is stored, and then served until its tag is invalidated. */
async function isCached(cache: Cache, options: Parameters<Cache['getOrSet']>[2]): Promise<boolean> {
  const loaded = `loaded ${Math.random()}`
  await cache.getOrSet('row', () => loaded, { ...options, refresh: true } as never)
  const stored = (await cache.get('row')) === loaded
  await cache.deleteTags(['t'])
  return stored && (await cache.get('row')) === undefined
}

const variants = remoteBackends.flatMap(backend =>
  guards.map(how => ({ ...how, backend, name: backend.name })),
)

describe.each(variants)('A token on $name $guarded', ({ backend, guard }) => {
  it('that the server has evicted makes misses, never hits, until the next load', async () => {
    const { cache, server, token } = opened(backend, { guard, grace: '1h' })
    await cache.setMany(
      [
        ['a', 'old'],
        ['b', 'old'],
      ],
      named,
    )
    await server.delete(token)
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.get('a', named)).toBeUndefined()
    expect((await cache.lookup('b')).state).toBe('miss')
    expect(await cache.getOrSet('a', () => 'new', named)).toBe('new')
    expect(await cache.get('a')).toBe('new')
    expect(await cache.getOrSet('b', () => 'new', named)).toBe('new')
  })

  it('that was evicted and made again by another load does not bring back what was tagged before', async () => {
    const { cache, server, token } = opened(backend, { guard })
    await cache.set('a', 'old', named)
    await server.delete(token)
    await cache.set('b', 'new', named)
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['b', 'new']]))
  })

  it.each([
    ['nothing', ''],
    ['a byte', 'x'],
    ['text', 'OK, but no token'],
    ['a byte too few', 'x'.repeat(23)],
    ['a byte too many', 'x'.repeat(25)],
    ['as many bytes as a token has', 'x'.repeat(24)],
    ['what looks like a frame', '\xff\x4c\x01\x00 and goes on for long enough to be one of them'],
  ])('that was overwritten with %s is replaced by the next load', async (_, text) => {
    const { cache, server, token, epoch } = opened(backend, { guard })
    for (const [options, at] of [
      [named, token],
      [computed, token],
      [computed, epoch],
    ] as const) {
      await cache.set('row', 'old', named)
      await server.set(at, Buffer.from(text, 'latin1'), HOUR)
      if (at === token) {
        expect(await cache.get('row')).toBeUndefined()
        expect(await cache.get('row', named)).toBeUndefined()
      }
      expect(await isCached(cache, options)).toBe(true)
      await server.set(at, Buffer.from(text, 'latin1'), HOUR)
      await cache.expireTags(['t'])
      expect(await isCached(cache, options)).toBe(true)
    }
  })

  it('and the epoch, evicted while a load goes on, keep it from being stored', async () => {
    const { cache, server, token, epoch } = opened(backend, { guard })
    for (const [options, ...evicted] of [
      [named, token],
      [computed, epoch],
      [computed, epoch, token],
    ] as const) {
      await cache.deleteTags(['t'])
      await cache.delete('row')
      const held = heldLoad<string>()
      const reading = cache.getOrSet('row', held.load, options)
      await held.begun
      for (const at of evicted) await server.delete(at)
      held.finish('old')
      expect(await reading).toBe('old')
      expect(await cache.get('row')).toBeUndefined()
      expect(await isCached(cache, options)).toBe(true)
    }
  })

  it.each([1, -1, 24, -24])('does not mind a process whose clock is %i h off', async hours => {
    const { cache: here, prefix } = opened(backend, { guard, ttl: '30d', grace: '30d' })
    const there = openCache(backend, {
      ...{ prefix, guard, ttl: '30d', grace: '30d' },
      store: backend.openStore(),
      clock: skewedClock(hours * HOUR),
    })
    for (const [writer, reader] of [
      [here, there],
      [there, here],
    ] as const) {
      for (const options of [named, computed]) {
        for (const how of ['deleteTags', 'expireTags'] as const) {
          await reader.delete('row')
          await reader.getOrSet('row', () => 'first', options)
          expect(await writer.get('row')).toBe('first')
          await writer[how](['t'])
          expect(await reader.get('row')).toBeUndefined()
          expect((await reader.lookup('row')).state).toBe(how === 'deleteTags' ? 'miss' : 'stale')

          // A load that is overtaken by whose clock is wrong, and one by whose own clock is wrong.
          const held = heldLoad<string>()
          const reading = reader.getOrSet('row', held.load, { ...options, refresh: true })
          await held.begun
          await writer[how](['t'])
          held.finish('old')
          await reading
          expect(await reader.get('row')).toBeUndefined()
          expect(await writer.getOrSet('row', () => 'new', { ...options, refresh: true })).toBe('new')
          expect(await reader.get('row')).toBe('new')
        }
      }
    }
  })
})

describe('A token in use', () => {
  function world() {
    const clock = new ManualClock()
    const server = memoryRemoteServer({ clock })
    const store = faultyStore(server.store())
    const prefix = newPrefix()
    const cache = openCache(memory, { store, clock, prefix, ttl: '1h' })
    const at = `${prefix}:#tag:t`
    const sent = (op: string) => store.calls.filter(call => call.op === op && call.keys.includes(at)).length
    return { cache, clock, server, store, at, sent }
  }

  it('is kept for as long as entries are loaded with it, and renewed only now and then', async () => {
    const { cache, clock, server, at, sent } = world()
    for (let hour = 0; hour < 10 * 24; hour++) {
      await cache.getOrSet('row', () => hour, named)
      expect(server.keys()).toContain(at)
      await clock.advance(HOUR)
    }
    expect(cache.stats().loads).toBe(240)
    expect(sent('add')).toBe(1)
    expect(sent('replace')).toBeGreaterThan(0)
    expect(sent('replace')).toBeLessThan(100)
  })

  it('outlives what was tagged last, and is then forgotten', async () => {
    const { cache, clock, server, at } = world()
    for (let hour = 0; hour < 30; hour++) {
      await cache.getOrSet('row', () => hour, named)
      await clock.advance(HOUR)
    }
    await cache.getOrSet('row', () => 'last', { ...named, ttl: '20d' })
    await clock.advance(20 * 24 * HOUR - 1)
    expect(await cache.get('row')).toBe('last')
    await clock.advance(60 * 24 * HOUR)
    expect(server.keys()).not.toContain(at)
  })

  it('is not written by hits', async () => {
    const { cache, store, clock } = world()
    await cache.getOrSet('row', () => 1, { ...named, ttl: '30d' })
    store.calls.length = 0
    for (let day = 0; day < 29; day++) {
      await clock.advance(24 * HOUR)
      expect(await cache.getOrSet('row', () => 2, named)).toBe(1)
    }
    expect(new Set(store.calls.map(({ op }) => op))).toEqual(new Set(['getMany']))
  })

  it('is drawn anew by each invalidation, so that an entry of before never fits again', async () => {
    const { cache, server, store, at } = world()
    const seen = new Set<string>()
    for (let round = 0; round < 50; round++) {
      await cache.getOrSet('row', () => round, named)
      seen.add(Buffer.from((await server.store().get(at))?.bytes ?? []).toString('hex', 0, 16))
      await cache[round % 2 === 0 ? 'deleteTags' : 'expireTags'](['t'])
    }
    expect(seen.size).toBe(50)
    expect(store.calls.some(({ op }) => op === 'clear')).toBe(false)
  })
})
