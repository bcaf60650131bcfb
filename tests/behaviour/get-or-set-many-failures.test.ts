import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { backends, memory } from '../backends.js'
import { heldBatch } from '../batches/held-batch.js'
import { guards } from './guards.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

const itself = (item: string) => item
const codeOf = ({ code }: { readonly code: string }) => code

/** Rows of all items but `bad`, which fails by itself. */
const ways: readonly {
  readonly way: string
  readonly answer: (
    items: readonly string[],
    error: Error,
  ) => Map<string, string | Error> | (string | Error)[]
}[] = [
  { way: 'an array', answer: (items, error) => items.map(item => (item === 'bad' ? error : `row ${item}`)) },
  {
    way: 'a Map',
    answer: (items, error) => new Map(items.map(item => [item, item === 'bad' ? error : `row ${item}`])),
  },
]

const cases = backends.flatMap(backend => guards.map(guard => ({ backend, name: backend.name, ...guard })))

describe.each(cases)('Of many items on $name, $guarded,', ({ backend, guard }) => {
  it.each(ways)(
    'one that fails in $way rejects the call by its error, and the others are stored',
    async ({ answer }) => {
      const { cache, trace } = observedCache(backend, { guard })
      const error = new Error('no such row')
      const load = vi.fn((items: readonly string[]) => answer(items, error) as (string | Error)[])
      const reading = cache.getOrSetMany(['a', 'bad', 'b'], { key: itself, load })
      await expect(reading).rejects.toBe(error)
      // By now: the call has waited for them.
      expect(trace.events.filter(event => 'key' in event && event.key === 'bad')).toEqual([
        { type: 'miss', key: 'bad', stale: false },
        { type: 'load-error', key: 'bad', reason: 'miss', error },
      ])
      expect(cache.stats()).toMatchObject({ loads: 2, loadErrors: 1, commits: 2 })
      expect(await cache.getMany(['a', 'bad', 'b'])).toEqual(
        new Map([
          ['a', 'row a'],
          ['b', 'row b'],
        ]),
      )
    },
  )

  it.each(ways)(
    'one that fails in $way stands in the result as its error where that is asked for',
    async ({ answer }) => {
      const { cache, clock } = observedCache(backend, { guard })
      const error = new Error('no such row')
      const load = vi.fn((items: readonly string[]) => answer(items, error) as (string | Error)[])
      const ask = () => cache.getOrSetMany(['a', 'bad', 'b', 'bad'], { key: itself, load, onError: 'return' })
      const values = await ask()
      expect(values).toEqual(['row a', error, 'row b', error])
      expect(values[1]).toBe(error)
      // After the pause that follows a failure.
      await clock.advance(1_000)
      expect((await ask())[1]).toBe(error)
      expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'bad', 'b'], ['bad']])
    },
  )

  it('the first in their order that fails is whose error the call rejects with', async () => {
    const { cache } = observedCache(backend, { guard })
    const load = (items: readonly string[]) => new Map(items.map(item => [item, new Error(`no ${item}`)]))
    await expect(cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load })).rejects.toThrow('no a')
    expect(cache.stats()).toMatchObject({ loads: 0, loadErrors: 3, commits: 0 })
  })

  it.each([
    [
      'throws',
      () => (error: unknown) => {
        throw error
      },
    ],
    ['rejects', () => (error: unknown) => Promise.reject(error)],
  ] as const)('all that are missing fail by the same error where the loader %s', async (_, how) => {
    const { cache, clock } = observedCache(backend, { guard })
    await cache.set('cached', 'row')
    const error = new Error('connection refused')
    const load = () => how()(error) as never
    const items = ['a', 'cached', 'b']
    await expect(cache.getOrSetMany(items, { key: itself, load })).rejects.toBe(error)
    await clock.advance(1_000)
    const values = await cache.getOrSetMany(items, { key: itself, load, onError: 'return' })
    expect(values).toEqual([error, 'row', error])
    expect(values[2]).toBe(values[0])
    // Nothing is in the way of the next call.
    await clock.advance(2_000)
    const rows = await cache.getOrSetMany(items, { key: itself, load: missing => missing.map(() => 'new') })
    expect(rows).toEqual(['new', 'row', 'new'])
    expect(cache.stats()).toMatchObject({ loadErrors: 4, commits: 2 })
  })

  it('those fail for which the loader throws what is no error', async () => {
    const { cache, clock } = observedCache(backend, { guard })
    const load = () => Promise.reject('a string')
    await expect(cache.getOrSetMany(['a'], { key: itself, load })).rejects.toBe('a string')
    await clock.advance(1_000)
    const [value] = await cache.getOrSetMany(['a'], { key: itself, load, onError: 'return' })
    expect(value).toBeInstanceOf(Error)
    expect(value).toMatchObject({ message: 'a string', cause: 'a string' })
  })

  it.each([
    [['row'], 'an array of 1'],
    [['row', 'row', 'row'], 'an array of 3'],
    [[], 'an array of 0'],
    [undefined, 'undefined'],
    ['rows', "'rows'"],
    [{ a: 'row', b: 'row' }, "{ a: 'row', b: 'row' }"],
    [new Set(['row', 'line']), "Set(2) { 'row', 'line' }"],
  ])('all fail for which the loader returns %o', async (loaded, quoted) => {
    const { cache } = observedCache(backend, { guard })
    const load = () => loaded as never
    const errors = await cache.getOrSetMany(['a', 'b'], { key: itself, load, onError: 'return' })
    expect(errors.map(error => codeOf(error as never))).toEqual(['ERR_CACHE_OPTION', 'ERR_CACHE_OPTION'])
    expect(errors[0]).toMatchObject({
      message: `load of getOrSetMany must return a Map by item, or an array with one value for each of its 2 items in their order; it returned ${quoted}`,
    })
    expect(cache.stats()).toMatchObject({ loads: 0, loadErrors: 2, commits: 0 })
  })

  it('all fail for which the loader returns a Map of anything else', async () => {
    const { cache } = observedCache(backend, { guard })
    const errors = await cache.getOrSetMany([{ id: 7 }, { id: 8 }], {
      key: ({ id }) => `row ${id}`,
      load: items => new Map(items.map(item => [{ ...item }, item.id])),
      onError: 'return',
    })
    expect(errors[1]).toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message:
        'the Map that load of getOrSetMany returns must have the very items as its keys, such as { id: 7 }; it has { id: 7 }',
    })
    expect(cache.stats()).toMatchObject({ loads: 0, loadErrors: 2, commits: 0 })
  })

  it('one whose ttl or tags can not be told fails alone', async () => {
    const { cache } = observedCache(backend, { guard })
    const values = await cache.getOrSetMany(['a', 'no ttl', 'no tags', 'b'], {
      key: itself,
      load: items => items.map(item => `row ${item}`),
      onError: 'return',
      ttl(_row, item) {
        if (item === 'no ttl') throw new TypeError('no ttl for this one')
        return '1h'
      },
      tags: (_row, item) => (item === 'no tags' ? [''] : ['rows']),
    })
    expect(values).toEqual([
      'row a',
      new TypeError('no ttl for this one'),
      expect.objectContaining({ code: 'ERR_CACHE_TAG' }),
      'row b',
    ])
    expect(await cache.getMany(['a', 'no ttl', 'no tags', 'b'])).toEqual(
      new Map([
        ['a', 'row a'],
        ['b', 'row b'],
      ]),
    )
  })

  it('a stale one within grace stands in for its failure', async () => {
    const { cache, clock } = observedCache(backend, { guard: undefined, ttl: '1m', grace: '1h' })
    await cache.set('a', 'old a')
    await clock.advance(60_000)
    const error = new Error('no such row')
    const values = await cache.getOrSetMany(['a', 'b', 'c'], {
      key: itself,
      load: items => items.map(item => (item === 'c' ? 'row c' : error)),
      onError: 'return',
    })
    expect(values).toEqual(['old a', error, 'row c'])
    expect(cache.stats()).toMatchObject({ staleHits: 1, loads: 1, loadErrors: 2 })
  })
})

describe('A call for many items of which one has failed', () => {
  it('is answered when all of them are, those of other calls too', async () => {
    const { cache } = observedCache(memory)
    const error = new Error('no such row')
    const held = heldBatch<string, string>()
    const reading = cache.getOrSetMany(['a', 'b'], { key: itself, load: held.load })
    const done = settled(reading)
    await held.begun
    held.finish(item => (item === 'a' ? error : 'row'))
    const commits: number[] = []
    await reading.catch(() => commits.push(cache.stats().commits))
    expect(done()).toBe(true)
    expect(commits).toEqual([1])
  })

  it('pauses that item alone, under the stampede guard', async () => {
    const clock = new ManualClock()
    const { cache, trace } = observedCache(memory, { guard: guards[1]?.guard, clock })
    const error = new Error('no such row')
    const load = vi.fn((items: readonly string[]) => items.map(item => (item === 'bad' ? error : 'row')))
    const ask = (...items: string[]) => cache.getOrSetMany(items, { key: itself, load, onError: 'return' })
    expect(await ask('a', 'bad')).toEqual(['row', error])
    trace.events.length = 0
    expect(await ask('b', 'bad', 'c')).toEqual(['row', error, 'row'])
    expect(trace.lines('key', 'cause').filter(line => line.includes('bad'))).toEqual([
      'miss key=bad',
      'load-refused key=bad cause=back-off',
    ])
    await clock.advance(50)
    await ask('bad')
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a', 'bad'], ['b', 'c'], ['bad']])
  })
})
