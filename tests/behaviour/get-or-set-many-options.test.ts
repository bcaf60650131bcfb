import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { backends, lru, memory } from '../backends.js'
import { answered } from '../batches/answered.js'
import { gate } from './gate.js'
import { guards } from './guards.js'
import { observedCache } from './observed-cache.js'

const itself = (item: string) => item
const rows = (items: readonly string[]) => items.map(item => `row ${item}`)

const cases = backends.flatMap(backend => guards.map(guard => ({ backend, name: backend.name, ...guard })))

describe.each(cases)('getOrSetMany on $name, $guarded,', ({ backend, guard }) => {
  it('keeps each value for its own ttl, by the value and its item', async () => {
    const { cache, clock } = observedCache(backend, { guard })
    const ttl = vi.fn((row: string, item: string) => (item === 'a' ? '1m' : row.length))
    await cache.getOrSetMany(['a', 'bb', 'never'], {
      key: itself,
      load: rows,
      ttl: (row, item) => (item === 'never' ? 0 : ttl(row, item)),
    })
    const now = clock.now()
    expect(await cache.lookup('a')).toMatchObject({ staleAt: now + 60_000 })
    expect(await cache.lookup('bb')).toMatchObject({ staleAt: now + 'row bb'.length })
    expect((await cache.lookup('never')).state).toBe('miss')
    expect(ttl.mock.calls).toEqual([
      ['row a', 'a'],
      ['row bb', 'bb'],
    ])
  })

  it('keeps all for one ttl, with their grace', async () => {
    const { cache, clock } = observedCache(backend, { guard })
    await cache.getOrSetMany(['a', 'b'], { key: itself, load: rows, ttl: '1m', grace: '1h' })
    const found = { staleAt: clock.now() + 60_000, deleteAt: clock.now() + 3_660_000 }
    for (const key of ['a', 'b']) expect(await cache.lookup(key)).toMatchObject(found)
  })

  it('tags each value by itself and its item', async () => {
    const { cache } = observedCache(backend, { guard })
    const load = vi.fn(rows)
    const ask = () =>
      cache.getOrSetMany(['a', 'b', 'c'], {
        key: itself,
        load,
        tags: (row, item) => [`item:${item}`, row.replaceAll(' ', '-')],
      })
    await ask()
    await cache.deleteTags(['item:a', 'row-c'])
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(new Map([['b', 'row b']]))
    expect(await ask()).toEqual(['row a', 'row b', 'row c'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([
      ['a', 'b', 'c'],
      ['a', 'c'],
    ])
  })

  it('tags all values by names, and finds only those that have them', async () => {
    const { cache } = observedCache(backend, { guard })
    await cache.set('a', 'without tags')
    await cache.set('b', 'with other tags', { tags: ['other'] })
    await cache.set('c', 'cached', { tags: ['rows', 'other'] })
    const load = vi.fn(rows)
    const ask = () => cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load, tags: ['rows'] })
    expect(await ask()).toEqual(['row a', 'row b', 'cached'])
    await cache.deleteTags(['rows'])
    expect(await ask()).toEqual(['row a', 'row b', 'row c'])
    expect(await ask()).toEqual(['row a', 'row b', 'row c'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
    ])
  })

  it('lets the loader say of each value how it is kept', async () => {
    const { cache, clock } = observedCache(backend, { guard })
    await cache.getOrSetMany(['short', 'tagged', 'not stored', 'plain'], {
      key: itself,
      async load(items, { each }) {
        expect(each.map(({ key }) => key)).toEqual(items)
        for (const [index, context] of each.entries()) {
          if (items[index] === 'short') context.setTtl('10s')
          if (items[index] === 'not stored') context.noStore()
          if (items[index] === 'tagged') context.setTags(['t'])
        }
        return rows(items)
      },
      ttl: '1h',
    })
    const now = clock.now()
    expect(await cache.lookup('short')).toMatchObject({ staleAt: now + 10_000 })
    expect(await cache.lookup('tagged')).toMatchObject({ staleAt: now + 3_600_000 })
    expect((await cache.lookup('not stored')).state).toBe('miss')
    await cache.deleteTags(['t'])
    expect([...(await cache.getMany(['short', 'tagged', 'plain'])).keys()]).toEqual(['short', 'plain'])
  })

  it('loads all again by force, and tells the loader what it replaces', async () => {
    const { cache } = observedCache(backend, { guard })
    await cache.setMany([
      ['a', 'old a'],
      ['c', 'old c'],
    ])
    const previous: unknown[] = []
    const load = vi.fn((items: readonly string[], { each }: { each: readonly { previous: unknown }[] }) => {
      previous.push(...each.map(one => one.previous))
      return rows(items)
    })
    const values = await cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load, refresh: true })
    expect(values).toEqual(['row a', 'row b', 'row c'])
    expect(previous).toEqual(['old a', undefined, 'old c'])
    expect(load).toHaveBeenCalledTimes(1)
    expect([...(await cache.getMany(['a', 'b', 'c'])).values()]).toEqual(['row a', 'row b', 'row c'])
  })

  it('checks each value by the schema, and stores its output', async () => {
    const { cache } = observedCache(backend, { guard })
    const schema = z.object({ id: z.number(), admin: z.boolean().default(false) })
    const users = { a: { id: 1 }, b: { id: 'two' }, c: { id: 3, secret: 'x' } }
    const values = await cache.getOrSetMany(['a', 'b', 'c'] as const, {
      key: itself,
      load: items => items.map(item => users[item]),
      schema,
      onError: 'return',
    })
    expect(values).toEqual([
      { id: 1, admin: false },
      expect.objectContaining({ code: 'ERR_CACHE_SCHEMA' }),
      { id: 3, admin: false },
    ])
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(
      new Map([
        ['a', { id: 1, admin: false }],
        ['c', { id: 3, admin: false }],
      ]),
    )
  })

  it('finds no value of an older version, and leaves one of a newer version where it is', async () => {
    const { cache } = observedCache(backend, { guard })
    await cache.set('older', 'v1', { version: 1 })
    await cache.set('same', 'v2', { version: 2 })
    await cache.set('newer', 'v3', { version: 3 })
    const load = vi.fn(rows)
    const values = await cache.getOrSetMany(['older', 'same', 'newer'], { key: itself, load, version: 2 })
    expect(values).toEqual(['row older', 'v2', 'row newer'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([['older', 'newer']])
    expect(await cache.get('older', { version: 2 })).toBe('row older')
    expect(await cache.get('newer', { version: 3 })).toBe('v3')
  })

  it('keeps to its namespace, with the defaults of that', async () => {
    const { cache, clock } = observedCache(backend, { guard })
    const users = cache.namespace<{ name: string }>('users', { ttl: '7m' })
    await cache.set('a', 'somebody else')
    const [ada] = await users.getOrSetMany(['a'], { key: itself, load: () => [{ name: 'Ada' }] })
    expect(ada).toEqual({ name: 'Ada' })
    expect(await users.lookup('a')).toMatchObject({ value: { name: 'Ada' }, staleAt: clock.now() + 420_000 })
    expect(await cache.get('a')).toBe('somebody else')
  })

  it('gives each reader a copy where the cache does', async () => {
    const { cache } = observedCache(backend, { guard, clone: 'structured' })
    const loaded = { tags: ['admin'] }
    const ask = () => cache.getOrSetMany(['a'], { key: itself, load: () => [loaded] })
    const found = [...(await ask()), ...(await ask())]
    expect(found).toEqual([loaded, loaded])
    expect(new Set([loaded, ...found]).size).toBe(3)
    found[0]?.tags.push('changed')
    expect(await ask()).toEqual([{ tags: ['admin'] }])
  })

  it('freezes values where the cache does', async () => {
    const { cache } = observedCache(backend, { guard, clone: 'freeze' })
    const [value] = await cache.getOrSetMany(['a'], { key: itself, load: () => [{ tags: ['admin'] }] })
    expect(Object.isFrozen(value?.tags)).toBe(true)
  })

  it('ends by the hardTimeout: those that are there have been, and the others can be loaded again', async () => {
    const { cache, clock } = observedCache(backend, { guard })
    await cache.set('a', 'cached')
    const begun = gate()
    let signal: AbortSignal | undefined
    const reading = cache.getOrSetMany(['a', 'b', 'c'], {
      key: itself,
      load(_items, context) {
        signal = context.signal
        begun.open()
        return new Promise<string[]>(() => {})
      },
      hardTimeout: '10s',
      onError: 'return',
    })
    await begun.passed
    await clock.advance(10_000)
    const [a, ...late] = await reading
    expect(a).toBe('cached')
    expect(late).toEqual([
      expect.objectContaining({ code: 'ERR_CACHE_LOAD_TIMEOUT', message: expect.stringContaining("'b'") }),
      expect.objectContaining({ code: 'ERR_CACHE_LOAD_TIMEOUT', message: expect.stringContaining("'c'") }),
    ])
    expect(signal?.aborted).toBe(true)
    await clock.advance(1_000)
    const again = cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load: rows })
    expect(await answered(again, clock)).toEqual(['cached', 'row b', 'row c'])
  })

  it('hands waitUntil nothing of what has ended', async () => {
    const waitUntil = vi.fn()
    const { cache } = observedCache(backend, { guard })
    await cache.getOrSetMany(['a', 'b'], { key: itself, load: rows, waitUntil })
    expect(waitUntil).not.toHaveBeenCalled()
  })
})

describe('Values of many items without a clone mode', () => {
  it('are the very objects that were loaded, in memory', async () => {
    const { cache } = observedCache(lru)
    const row = { id: 1 }
    const ask = () => cache.getOrSetMany(['a'], { key: itself, load: () => [row] })
    expect((await ask())[0]).toBe(row)
    expect((await ask())[0]).toBe(row)
  })
})

describe('A value of many that can not be stored', () => {
  it('goes to the caller, and the others are stored', async () => {
    const { cache, trace } = observedCache(memory)
    const [a, b] = await cache.getOrSetMany(['a', 'b'], {
      key: itself,
      load: () => [() => 'a function', 'row b'],
    })
    expect([typeof a, b]).toEqual(['function', 'row b'])
    expect(trace.lines('key', 'reason').filter(line => /^(commit|not)/.test(line))).toEqual([
      'not-stored key=a reason=not-encodable',
      'commit key=b',
    ])
  })
})
