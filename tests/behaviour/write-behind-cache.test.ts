import { type WriteBehindOptions, writeBehind } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { type Backend, backends, memory, newPrefix, openCache, remoteBackends } from '../backends.js'
import { openFleet } from '../fleet.js'
import { heldLoad } from '../races/held-load.js'
import { RowDatabase } from '../writing/row-database.js'
import { cutOff } from './cut-off.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'

const HOUR = 3_600_000

describe.each(backends)('The cached value of what is written behind on $name', (backend: Backend) => {
  function opened(options: Partial<WriteBehindOptions<unknown>> = {}) {
    const observed = observedCache(backend, { ttl: HOUR })
    const database = new RowDatabase()
    const behind = writeBehind(observed.cache, { write: database.write, delay: '1d', ...options })
    return { ...observed, database, behind }
  }

  it('lives for unwrittenTtl until it is written, and then for its full ttl', async () => {
    const { cache, clock, behind } = opened({ unwrittenTtl: 10_000 })
    await behind.set('a', 1)
    expect(await cache.lookup('a')).toMatchObject({ value: 1, staleAt: clock.now() + 10_000 })
    await clock.advance(4_000)
    await behind.flush()
    expect(await cache.lookup('a')).toMatchObject({ value: 1, staleAt: clock.now() + HOUR })
  })

  it('lives no longer than its own ttl', async () => {
    const { cache, clock, behind } = opened({ unwrittenTtl: 10_000 })
    await behind.set('a', 1, { ttl: 5_000 })
    await behind.set('b', null, { negativeTtl: 3_000 })
    expect(await cache.lookup('a')).toMatchObject({ staleAt: clock.now() + 5_000 })
    expect(await cache.lookup('b')).toMatchObject({ staleAt: clock.now() + 3_000 })
    await behind.flush()
    expect(await cache.lookup('a')).toMatchObject({ staleAt: clock.now() + 5_000 })
    expect(await cache.lookup('b')).toMatchObject({ staleAt: clock.now() + 3_000 })
  })

  it('lives for a minute by default until it is written', async () => {
    const { cache, clock, behind } = opened()
    await behind.set('a', 1)
    expect(await cache.lookup('a')).toMatchObject({ staleAt: clock.now() + 60_000 })
  })

  it('is none with a ttl of 0, which is written all the same', async () => {
    const { cache, behind, database } = opened()
    await cache.set('a', 'old')
    await behind.set('a', 1, { ttl: 0 })
    expect(await cache.get('a')).toBeUndefined()
    expect(await behind.get('a')).toBe(1)
    await behind.flush()
    expect([...database.rows]).toEqual([['a', 1]])
    expect(await cache.get('a')).toBeUndefined()
  })

  it('is none where it can not be encoded, which is written all the same', async () => {
    const observed = observedCache(backend, { clone: 'structured' })
    const database = new RowDatabase()
    const behind = writeBehind<unknown, unknown>(observed.cache, { write: database.write })
    const value = () => {}
    await observed.cache.set('a', 'old')
    await behind.set('a', value)
    expect(await observed.cache.get('a')).toBeUndefined()
    await behind.flush()
    expect(database.rows.get('a')).toBe(value)
    expect(await observed.cache.get('a')).toBeUndefined()
  })

  it('that is gone is not brought back: whoever loads meanwhile may have read the old row', async () => {
    const { cache, behind } = opened()
    await behind.set('a', 1)
    await cache.delete('a')
    const load = heldLoad<string>()
    const reading = cache.getOrSet('a', load.load)
    await load.begun
    await behind.flush()
    load.finish('old')
    expect(await reading).toBe('old')
    expect(await cache.get('a')).toBeUndefined()
  })

  it.each(['expired', 'loaded again', 'set by somebody else', 'deleted', 'evicted and loaded'])(
    'that was %s meanwhile is deleted when it is written',
    async what => {
      const { cache, clock, behind, database } = opened({ unwrittenTtl: 5_000 })
      await behind.set('a', 1)
      if (what === 'expired') await clock.advance(10_000)
      if (what === 'loaded again') await cache.getOrSet('a', () => 'old', { refresh: true })
      if (what === 'set by somebody else') await cache.set('a', 'theirs')
      if (what === 'deleted') await cache.delete('a')
      if (what === 'evicted and loaded') {
        await cache.delete('a')
        await cache.getOrSet('a', () => 'old')
      }
      await behind.flush()
      expect([...database.rows]).toEqual([['a', 1]])
      expect(await cache.get('a')).toBeUndefined()
      expect(await cache.getOrSet('a', () => database.rows.get('a'))).toBe(1)
    },
  )

  it('is that of the last set, in the order of the sets', async () => {
    const { cache, behind } = opened()
    await Promise.all([1, 2, 3, 4, 5].map(score => behind.set('a', score)))
    expect(await cache.get('a')).toBe(5)
    await behind.flush()
    expect(await cache.get('a')).toBe(5)
  })

  it('is left to a newer value that is set while the older one is being written', async () => {
    const { cache, clock, behind, database } = opened()
    const writing = gate()
    database.held = writing.passed
    await behind.set('a', 1)
    const flushing = behind.flush()
    await clock.advance(0)
    await behind.set('a', 2)
    writing.open()
    await flushing
    expect([...database.rows]).toEqual([['a', 1]])
    expect(await cache.lookup('a')).toMatchObject({ value: 2, staleAt: clock.now() + 60_000 })
    await behind.flush()
    expect(await cache.lookup('a')).toMatchObject({ value: 2, staleAt: clock.now() + HOUR })
  })

  it('is deleted together with one that is being written, once that has ended', async () => {
    const { cache, clock, behind, database } = opened()
    const writing = gate()
    database.held = writing.passed
    await behind.set('a', 1)
    const flushing = behind.flush()
    await clock.advance(0)
    const deleting = behind.delete('a')
    writing.open()
    expect(await deleting).toBe(true)
    await flushing
    expect([...database.rows]).toEqual([['a', 1]])
    expect(await cache.get('a')).toBeUndefined()
  })
})

describe.each(remoteBackends)('The cached value of a raw codec on $name', backend => {
  it('is deleted when it is written: nobody can tell whether it is the same', async () => {
    const cache = openCache(backend, { prefix: newPrefix(), codec: 'raw' })
    const database = new RowDatabase()
    const behind = writeBehind(cache, { write: database.write, delay: '1h' })
    await behind.set('a', 'new')
    expect(await cache.get('a')).toBe('new')
    await behind.flush()
    expect([...database.rows]).toEqual([['a', 'new']])
    expect(await cache.get('a')).toBeUndefined()
  })
})

it('What is pending is the write-behind’s own, where values are not shared', async () => {
  const cache = openCache(memory, { prefix: newPrefix(), clone: 'structured' })
  const rows: unknown[] = []
  const behind = writeBehind<{ score: number }, { score: number }>(cache.namespace('scores'), {
    delay: '1h',
    write: entries => void rows.push(...entries.map(([, value]) => ({ ...value }))),
  })
  const value = { score: 1 }
  await behind.set('a', value)
  value.score = 2
  const read = await behind.get('a')
  if (read !== undefined) read.score = 3
  await behind.flush()
  expect(rows).toEqual([{ score: 1 }])
})

it('An unwritten value is not served as a stale one either', async () => {
  const { cache, clock } = observedCache(memory, { ttl: HOUR, grace: HOUR })
  const database = new RowDatabase()
  const behind = writeBehind(cache, { write: database.write, delay: '1d', unwrittenTtl: 1_000 })
  await behind.set('a', 1)
  await clock.advance(1_000)
  expect((await cache.lookup('a')).state).toBe('miss')
  await behind.set('a', 2)
  await behind.flush()
  await clock.advance(HOUR)
  expect(await cache.lookup('a')).toMatchObject({ state: 'stale', value: 2 })
})

describe('A store that lands a set late', () => {
  it('is waited for by a delete', async () => {
    const { cache, store, clock, other } = cutOff({ storeTimeout: '1h' })
    const database = new RowDatabase()
    const behind = writeBehind(cache, { write: database.write })
    store.delay(100, { ops: ['set'], times: 1 })
    const setting = behind.set('a', 1)
    await clock.advance(10)
    const deleting = behind.delete('a')
    await clock.advance(200)
    await Promise.all([setting, deleting])
    expect(await other.get('a')).toBeUndefined()
    expect(behind.pending).toBe(0)
  })

  it('is waited for by a flush', async () => {
    const { cache, store, clock, other } = cutOff({ storeTimeout: '1h' })
    const database = new RowDatabase()
    const behind = writeBehind(cache, { write: database.write })
    store.delay(100, { ops: ['set'], times: 1 })
    const setting = behind.set('a', 1)
    await clock.advance(10)
    const flushing = behind.flush()
    await clock.advance(200)
    await Promise.all([setting, flushing])
    expect([...database.rows]).toEqual([['a', 1]])
    expect([undefined, 1]).toContain(await other.get('a'))
  })
})

describe('While the store does not answer', () => {
  it.each(['fail', 'hang'] as const)('values are served and written all the same (%s)', async fault => {
    const { cache, store, clock, other } = cutOff()
    const database = new RowDatabase()
    const behind = writeBehind(cache, { write: database.write })
    await cache.set('a', 'old')
    store[fault]()
    const setting = behind.set('a', 1)
    await clock.advance(2_000)
    await setting
    const flushing = behind.flush()
    await clock.advance(5_000)
    await flushing
    expect([...database.rows]).toEqual([['a', 1]])
    expect(await cache.get('a')).toBeUndefined()
    store.heal()
    await clock.advance(5_000)
    expect(await other.get('a')).toBeUndefined()
    expect(await other.getOrSet('a', () => database.rows.get('a'))).toBe(1)
  })

  it('from the write on, the key is deleted when it does again', async () => {
    const { cache, store, clock, other } = cutOff()
    const database = new RowDatabase()
    const behind = writeBehind(cache, { write: database.write })
    await behind.set('a', 1)
    store.fail()
    const flushing = behind.flush()
    await clock.advance(2_000)
    await flushing
    expect([...database.rows]).toEqual([['a', 1]])
    store.heal()
    await clock.advance(5_000)
    expect(await other.get('a')).toBeUndefined()
  })
})

describe('Two processes that write one key behind', () => {
  it.each([
    ['the first', [0, 1]],
    ['the second', [1, 0]],
  ] as const)('leave what the database has, or nothing, when %s flushes first', async (_, order) => {
    const prefix = newPrefix()
    const database = new RowDatabase()
    const caches = [1, 2].map(() => openCache(memory, { prefix }))
    const both = caches.map(cache => writeBehind(cache, { write: database.write, delay: '1h' }))
    await both[0]?.set('a', 'first')
    await both[1]?.set('a', 'second')
    expect(await both[0]?.get('a')).toBe('first')
    expect(await caches[0]?.get('a')).toBe('second')
    for (const which of order) await both[which]?.flush()
    for (const cache of caches) {
      expect([undefined, database.rows.get('a')]).toContain(await cache.get('a'))
    }
  })
})

describe('With local tiers', () => {
  it('other processes see a value when it is set, and the written one afterwards', async () => {
    const fleet = openFleet()
    const [here, there] = [await fleet.member(), await fleet.member()]
    const database = new RowDatabase()
    const behind = writeBehind(here.cache, { write: database.write, delay: '1h' })
    await here.cache.set('a', 'old')
    expect(await there.cache.get('a')).toBe('old')
    await behind.set('a', 1)
    await fleet.settle()
    expect(await there.cache.get('a')).toBe(1)
    expect(here.cache.peek('a')).toBe(1)
    await behind.flush()
    await fleet.settle()
    expect(await there.cache.get('a')).toBe(1)
    database.down = new Error('connection refused')
    await behind.set('a', 2)
    await fleet.settle()
    expect(await there.cache.get('a')).toBe(2)
    const closing = behind.close()
    await fleet.clock.advance(60_000)
    await closing
    for (const { cache } of [here, there]) expect(await cache.get('a')).toBeUndefined()
  })
})
