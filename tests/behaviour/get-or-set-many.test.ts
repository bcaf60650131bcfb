import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it, vi } from 'vitest'
import { backends, memory } from '../backends.js'
import { guards } from './guards.js'
import { observedCache } from './observed-cache.js'

const itself = (item: string) => item
const inOrder = () => vi.fn((items: readonly string[]) => items.map(item => `row ${item}`))

const cases = backends.flatMap(backend => guards.map(guard => ({ backend, name: backend.name, ...guard })))

describe.each(cases)('Many items on $name, $guarded,', ({ backend, guard }) => {
  it('come in their order, from one call of the loader for those that are missing', async () => {
    const { cache } = observedCache(backend, { guard })
    await cache.setMany([
      ['b', 'cached b'],
      ['d', 'cached d'],
    ])
    const load = inOrder()
    const values = await cache.getOrSetMany(['d', 'a', 'b', 'c', 'e'], { key: itself, load })
    expect(values).toEqual(['cached d', 'row a', 'cached b', 'row c', 'row e'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'c', 'e']])
  })

  it('are stored under their keys, for every kind of read', async () => {
    const { cache } = observedCache(backend, { guard })
    const key = (id: number) => `user:${id}`
    const load = vi.fn((ids: readonly number[]) => ids.map(id => ({ id })))
    expect(await cache.getOrSetMany([1, 2], { key, load })).toEqual([{ id: 1 }, { id: 2 }])
    expect(await cache.getMany(['user:1', 'user:2'])).toEqual(
      new Map([
        ['user:1', { id: 1 }],
        ['user:2', { id: 2 }],
      ]),
    )
    expect(await cache.getOrSet('user:2', () => 'loaded')).toEqual({ id: 2 })
    expect(await cache.getOrSetMany([2, 1], { key, load })).toEqual([{ id: 2 }, { id: 1 }])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('may be a hundred', async () => {
    const { cache } = observedCache(backend, { guard })
    const items = Array.from({ length: 100 }, (_, index) => `item ${index}`)
    const load = inOrder()
    const rows = items.map(item => `row ${item}`)
    expect(await cache.getOrSetMany(items, { key: itself, load })).toEqual(rows)
    expect(await cache.getOrSetMany(items, { key: itself, load })).toEqual(rows)
    expect(load.mock.calls.map(([missing]) => missing)).toEqual([items])
  })

  it('may come in a Map by item, in any order', async () => {
    const { cache } = observedCache(backend, { guard })
    const load = vi.fn(
      async (ids: readonly number[]) => new Map(ids.toReversed().map(id => [id, `row ${id}`])),
    )
    const values = await cache.getOrSetMany([1, 2, 3], { key: id => `${id}`, load })
    expect(values).toEqual(['row 1', 'row 2', 'row 3'])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('may be objects, by which a Map finds them', async () => {
    const { cache } = observedCache(backend, { guard })
    const [ada, bob] = [{ name: 'ada' }, { name: 'bob' }]
    const values = await cache.getOrSetMany([ada, bob], {
      key: ({ name }) => name,
      load: users => new Map(users.map(user => [user, user.name.length])),
    })
    expect(values).toEqual([3, 3])
  })

  it('that are the same, or have the same key, are one: the first is loaded', async () => {
    const { cache } = observedCache(backend, { guard })
    const load = inOrder()
    const values = await cache.getOrSetMany(['a', 'B', 'a', 'b', 'B'], {
      key: item => item.toLowerCase(),
      load,
    })
    expect(values).toEqual(['row a', 'row B', 'row a', 'row B', 'row B'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'B']])
    expect(cache.stats()).toMatchObject({ loads: 2, commits: 2 })
  })

  it('may come from anything that can be iterated over once', async () => {
    const { cache } = observedCache(backend, { guard })
    function* two() {
      yield 'a'
      yield 'b'
    }
    const load = inOrder()
    const rows = ['row a', 'row b']
    expect(await cache.getOrSetMany(two(), { key: itself, load })).toEqual(rows)
    expect(await cache.getOrSetMany(new Set(['a', 'b']), { key: itself, load })).toEqual(rows)
    expect(await cache.getOrSetMany(new Map([['b', 1]]).keys(), { key: itself, load })).toEqual(['row b'])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('may be none', async () => {
    const { cache, trace } = observedCache(backend, { guard })
    const load = inOrder()
    expect(await cache.getOrSetMany([], { key: itself, load })).toEqual([])
    expect(load).not.toHaveBeenCalled()
    expect(trace.events).toEqual([])
  })

  it('that there are not are undefined, which is cached', async () => {
    const { cache, clock } = observedCache(backend, { guard, negativeTtl: '10s' })
    const load = vi.fn(
      (items: readonly string[]) => new Map(items.map(item => [item, 'row'] as const).slice(1)),
    )
    const ask = () => cache.getOrSetMany(['a', 'b'], { key: itself, load, ttl: '1h' })
    expect(await ask()).toEqual([undefined, 'row'])
    expect(await ask()).toEqual([undefined, 'row'])
    expect(load).toHaveBeenCalledTimes(1)
    const now = clock.now()
    expect(await cache.lookup('a')).toMatchObject({ state: 'fresh', value: undefined, staleAt: now + 10_000 })
    expect(await cache.lookup('b')).toMatchObject({ state: 'fresh', staleAt: now + 3_600_000 })
    await clock.advance(10_000)
    expect(await ask()).toEqual([undefined, 'row'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'b'], ['a']])
  })

  it('keep whatever value they have', async () => {
    const { cache } = observedCache(backend, { guard })
    const values = [null, undefined, 0, '', false, new Date(0), new Map([['k', 1n]])]
    const load = vi.fn((items: readonly number[]) => items.map(item => values[item]))
    const ask = () => cache.getOrSetMany(values.keys(), { key: item => `${item}`, load })
    expect(await ask()).toEqual(values)
    expect(await ask()).toEqual(values)
    expect(load).toHaveBeenCalledTimes(1)
  })

  it('are told of one by one', async () => {
    const { cache, trace } = observedCache(backend, { guard })
    await cache.set('b', 'cached')
    trace.events.length = 0
    await cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load: inOrder() })
    const told = (key: string) => trace.events.filter(event => 'key' in event && event.key === key)
    for (const key of ['a', 'c'])
      expect(told(key).map(({ type }) => type)).toEqual(['miss', 'load', 'commit'])
    expect(told('b')).toEqual([{ type: 'hit', key: 'b', tier: backend.kind, stale: false }])
    expect(trace.events).toHaveLength(7)
    const { hits, misses, loads, commits, sharedLoads } = cache.stats()
    expect({ hits: hits.local + hits.remote, misses, loads, commits, sharedLoads }).toEqual({
      hits: 1,
      misses: 2,
      loads: 2,
      commits: 2,
      sharedLoads: 0,
    })
  })
})

describe('Many items', () => {
  it('are all looked for before the loader is called, and all loaded before they are stored', async () => {
    const { cache, trace } = observedCache(memory, { guard: stampedeGuard() })
    await cache.set('b', 'cached')
    trace.events.length = 0
    await cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load: inOrder() })
    expect(trace.lines('key')).toEqual([
      'miss key=a',
      'hit key=b',
      'miss key=c',
      'load key=a',
      'load key=c',
      'commit key=a',
      'commit key=c',
    ])
  })

  it('of which all are in the local store are answered without asking anybody', async () => {
    const { cache, trace } = observedCache(backends[0] ?? memory)
    await cache.setMany([
      ['a', 1],
      ['b', 2],
    ])
    trace.events.length = 0
    const reading = cache.getOrSetMany(['a', 'b'], { key: itself, load: () => [] })
    expect(trace.lines('key', 'tier')).toEqual(['hit key=a tier=local', 'hit key=b tier=local'])
    expect(await reading).toEqual([1, 2])
  })
})
