import { flightWith, type Guard, type LoadManyContext } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed, composeGuards, limitLoads, singleFlight } from '../src/index.js'
import { freePlaces, limited, limitedInUse } from './limited.js'

const itself = (item: string) => item
const named = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${name} ${index + 1}`)

/** A loader whose one query brings all items. */
function querying({ database }: ReturnType<typeof limited>) {
  return vi.fn(async (items: readonly string[], { signal }: Pick<LoadManyContext, 'signal'>) => {
    await database.query({ key: `${items.length} from ${items[0]}`, signal })
    return items.map(item => `row ${item}`)
  })
}

const rowsOf = (items: readonly string[]) => items.map(item => `row ${item}`)

describe('The loads of many items, under a limit,', () => {
  it('take one place, although there is no line', async () => {
    const world = await limitedInUse({ concurrency: 1, queue: 0 })
    const { cache, clock, database } = world
    const items = named('a', 100)
    const reading = cache.getOrSetMany(items, { key: itself, load: querying(world) })
    await clock.advance(100)
    expect(await reading).toEqual(rowsOf(items))
    expect(database.asked).toEqual(['100 from a 1'])
    expect(await freePlaces(world)).toBe(1)
  })

  it('keep their place until the last of them has been stored', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, store, clock, database } = world
    const items = named('a', 100)
    store.delay(50, 'replace')
    const reading = cache.getOrSetMany(items, { key: itself, load: querying(world) })
    const single = cache.getOrSet('single', database.query)
    await clock.advance(149)
    expect(database.asked).toEqual(['100 from a 1'])
    await clock.advance(1)
    expect(await reading).toEqual(rowsOf(items))
    expect(database.asked).toEqual(['100 from a 1', 'single'])
    await clock.advance(150)
    expect(await single).toBe('row single')
    store.heal()
    expect(await freePlaces(world)).toBe(1)
  })

  it('run one call after another where one runs at once', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    const calls = ['a', 'b', 'c'].map(name =>
      cache.getOrSetMany(named(name, 20), { key: itself, load: querying(world) }),
    )
    await clock.advance(99)
    expect(database.asked).toEqual(['20 from a 1'])
    await clock.advance(201)
    expect(await Promise.all(calls)).toEqual(['a', 'b', 'c'].map(name => rowsOf(named(name, 20))))
    expect(database.asked).toEqual(['20 from a 1', '20 from b 1', '20 from c 1'])
    expect(database.most).toBe(1)
    expect(await freePlaces(world)).toBe(1)
  })

  it('stand in line once, however many they are', async () => {
    const world = await limitedInUse({ concurrency: 1, queue: 1 })
    const { cache, clock, database } = world
    const first = cache.getOrSet('first', database.query)
    await clock.advance(10)
    const many = cache.getOrSetMany(named('a', 100), { key: itself, load: querying(world) })
    await clock.advance(10)
    const refused = cache.getOrSet('refused', database.query).catch(({ code }) => code)
    await clock.advance(180)
    expect(await refused).toBe('ERR_CACHE_LOAD_LIMIT')
    expect(await first).toBe('row first')
    expect(await many).toEqual(rowsOf(named('a', 100)))
    expect(database.asked).toEqual(['first', '100 from a 1'])
    expect(await freePlaces(world)).toBe(1)
  })

  it('are refused where the line is full, all of them, and what is cached is answered all the same', async () => {
    const world = await limitedInUse({ concurrency: 1, queue: 0 })
    const { cache, trace, clock, database } = world
    await cache.set('a 2', 'cached')
    const first = cache.getOrSet('first', database.query)
    await clock.advance(0)
    trace.events.length = 0
    const load = querying(world)
    const values = await cache.getOrSetMany(named('a', 3), { key: itself, load, onError: 'return' })
    const refused = expect.objectContaining({ code: 'ERR_CACHE_LOAD_LIMIT' })
    expect(values).toEqual([refused, 'cached', refused])
    expect(trace.lines('key', 'cause').filter(line => line.startsWith('load-refused'))).toEqual([
      'load-refused key=a 1 cause=limit',
      'load-refused key=a 3 cause=limit',
    ])
    expect(load).not.toHaveBeenCalled()
    await clock.advance(100)
    await first
    expect(await freePlaces(world)).toBe(1)
  })

  it('hold no claims while they stand in line', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database, open } = world
    const first = cache.getOrSet('first', database.query)
    await clock.advance(0)
    const load = querying(world)
    const many = cache.getOrSetMany(named('a', 3), { key: itself, load })
    await clock.advance(50)
    const other = open({ guard: claimed() })
    expect(await other.cache.getOrSet('a 2', () => 'from elsewhere')).toBe('from elsewhere')
    await clock.advance(150)
    expect(await many).toEqual(['row a 1', 'from elsewhere', 'row a 3'])
    expect(load.mock.calls.map(([items]) => items)).toEqual([['a 1', 'a 3']])
    await first
    expect(await freePlaces(world)).toBe(1)
  })

  it('that share those of another call take a place for the others only', async () => {
    const world = await limitedInUse({ concurrency: 2 })
    const { cache, clock, database } = world
    const load = querying(world)
    const one = cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load })
    const other = cache.getOrSetMany(['b', 'c', 'd'], { key: itself, load })
    const third = cache.getOrSetMany(['a', 'd'], { key: itself, load })
    await clock.advance(100)
    expect(await Promise.all([one, other, third])).toEqual([
      ['row a', 'row b', 'row c'],
      ['row b', 'row c', 'row d'],
      ['row a', 'row d'],
    ])
    expect(database.asked).toEqual(['3 from a', '1 from d'])
    expect(await freePlaces(world)).toBe(2)
  })

  it('wait for those of a call in line whose items they share', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    const load = querying(world)
    const first = cache.getOrSet('first', database.query)
    const one = cache.getOrSetMany(['a', 'b'], { key: itself, load })
    const other = cache.getOrSetMany(['c', 'b'], { key: itself, load })
    await clock.advance(300)
    expect(await Promise.all([first, one, other])).toEqual([
      'row first',
      ['row a', 'row b'],
      ['row c', 'row b'],
    ])
    expect(database.asked).toEqual(['first', '2 from a', '1 from c'])
    expect(database.most).toBe(1)
    expect(await freePlaces(world)).toBe(1)
  })

  it('have a place in each namespace where the limit is one of each', async () => {
    const world = await limitedInUse({ concurrency: 1, queue: 0, per: 'namespace' })
    const { cache, clock, database } = world
    const load = querying(world)
    const calls = [cache, cache.namespace('one')].map(place =>
      place.getOrSetMany(['a', 'b'], { key: itself, load }),
    )
    await clock.advance(100)
    expect(await Promise.all(calls)).toEqual([rowsOf(['a', 'b']), rowsOf(['a', 'b'])])
    expect(database.most).toBe(2)
  })

  it('take a place again for what another process was to load and has not', async () => {
    const world = await limitedInUse({ concurrency: 1, queue: 0 })
    const { cache, clock, database, open } = world
    const elsewhere = open({ guard: claimed({ ttl: '1s' }), storeTimeout: 200 })
    const lost = heldLoad<string>()
    elsewhere.cache.getOrSet('b', lost.load).catch(() => {})
    await lost.begun
    elsewhere.store.hang()
    const load = querying(world)
    const many = cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load })
    await clock.advance(100)
    expect(database.asked).toEqual(['2 from a'])
    // Whoever waits for another process has no place.
    const single = cache.getOrSet('single', database.query)
    await clock.advance(100)
    expect(await single).toBe('row single')
    await clock.advance(1_000)
    expect(await many).toEqual(rowsOf(['a', 'b', 'c']))
    expect(database.asked).toEqual(['2 from a', 'single', '1 from b'])
    expect(await freePlaces(world)).toBe(1)
  })

  it('of which one fails give their place back', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache } = world
    const error = new Error('no such row')
    const values = await cache.getOrSetMany(['a', 'b', 'c'], {
      key: itself,
      load: items => items.map(item => (item === 'b' ? error : `row ${item}`)),
      onError: 'return',
    })
    expect(values).toEqual(['row a', error, 'row c'])
    expect(await freePlaces(world)).toBe(1)
  })

  it.each([
    ['throws', () => Promise.reject(new Error('connection refused'))],
    ['never ends', () => new Promise<string[]>(() => {})],
  ])('give their place back when the loader %s', async (_, load) => {
    const world = await limitedInUse({ concurrency: 1, queue: 0 })
    const { cache, clock } = world
    const reading = cache.getOrSetMany(named('a', 10), { key: itself, load, hardTimeout: 50 }).catch(() => {})
    await clock.advance(50)
    await reading
    expect(await freePlaces(world)).toBe(1)
  })
})

describe('A call for many items that waits in line', () => {
  /** Its caller leaves after a while. */
  async function leavingLine(items: readonly string[], queue?: number) {
    const world = await limitedInUse({ concurrency: 1, queue })
    const { cache, clock, database } = world
    const first = cache.getOrSet('first', database.query)
    await clock.advance(10)
    const leaving = new AbortController()
    const load = querying(world)
    const many = cache.getOrSetMany(items, { key: itself, load, signal: leaving.signal }).catch(String)
    await clock.advance(10)
    leaving.abort('gone')
    expect(await many).toBe('gone')
    return { ...world, first, load }
  }

  it.each([0, 100])(
    'and leaves makes room for another, and is never loaded for: after %i ms',
    async after => {
      const world = await leavingLine(named('a', 50), 1)
      const { cache, clock, database, first, load } = world
      await clock.advance(after === 0 ? 0 : 80)
      const next = cache.getOrSet('next', database.query)
      await clock.advance(200)
      expect(await Promise.all([first, next])).toEqual(['row first', 'row next'])
      expect(load).not.toHaveBeenCalled()
      expect(database.asked).toEqual(['first', 'next'])
      expect(await freePlaces(world)).toBe(1)
    },
  )

  it('until the hardTimeout gives everything back', async () => {
    const world = await limitedInUse({ concurrency: 1, queue: 1 })
    const { cache, clock, database } = world
    const first = cache.getOrSet('first', database.query)
    await clock.advance(10)
    const load = querying(world)
    const late = cache
      .getOrSetMany(named('a', 50), { key: itself, load, hardTimeout: 50, onError: 'return' })
      .then(errors => errors.map(error => (error as unknown as { code: string }).code))
    await clock.advance(50)
    expect(new Set(await late)).toEqual(new Set(['ERR_CACHE_LOAD_TIMEOUT']))
    await clock.advance(40)
    expect(await first).toBe('row first')
    expect(load).not.toHaveBeenCalled()
    expect(await freePlaces(world)).toBe(1)
  })

  it('and gets its place in the moment in which its caller leaves gives it back', async () => {
    for (let turns = 0; turns < 30; turns++) {
      const world = await limitedInUse({ concurrency: 1 })
      const { cache, clock } = world
      const held = heldLoad<string>()
      const first = cache.getOrSet('first', held.load)
      await held.begun
      const leaving = new AbortController()
      const many = cache.getOrSetMany(['a', 'b'], {
        key: itself,
        load: querying(world),
        signal: leaving.signal,
      })
      const left = many.catch(String)
      await clock.advance(10)
      held.finish('row first')
      for (let turn = 0; turn < turns; turn++) await undefined
      leaving.abort('gone')
      expect([await first, await left]).toEqual(['row first', 'gone'])
      expect(await freePlaces(world)).toBe(1)
    }
  })

  it('is still loaded for whoever shares one of its items', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    const first = cache.getOrSet('first', database.query)
    await clock.advance(10)
    const leaving = new AbortController()
    const load = querying(world)
    const many = cache
      .getOrSetMany(['a', 'b', 'c'], { key: itself, load, signal: leaving.signal })
      .catch(String)
    await clock.advance(10)
    const single = cache.getOrSet('b', database.query)
    await clock.advance(10)
    leaving.abort('gone')
    expect(await many).toBe('gone')
    await clock.advance(170)
    expect(await Promise.all([first, single])).toEqual(['row first', 'row b'])
    expect(database.asked).toEqual(['first', '1 from b'])
    expect(await freePlaces(world)).toBe(1)
  })
})

describe('A loader of many items that asks for others', () => {
  it.each([1, 2])('gets them although all places are taken: %i', async concurrency => {
    const world = await limitedInUse({ concurrency, queue: 0 })
    const { cache, clock, database } = world
    const many = cache.getOrSetMany(['a', 'b'], {
      key: itself,
      load: items => Promise.all(items.map(item => cache.getOrSet(`part of ${item}`, database.query))),
    })
    await clock.advance(100)
    expect(await many).toEqual(['row part of a', 'row part of b'])
    expect(await freePlaces(world)).toBe(concurrency)
  })

  it('gets many others by one call in turn, although there is no line', async () => {
    const world = await limitedInUse({ concurrency: 1, queue: 0 })
    const { cache, clock, database } = world
    const parts = (items: readonly string[]) => items.map(item => `part of ${item}`)
    const many = cache.getOrSetMany(['a', 'b'], {
      key: itself,
      load: items => cache.getOrSetMany(parts(items), { key: itself, load: querying(world) }),
    })
    await clock.advance(100)
    expect(await many).toEqual(['row part of a', 'row part of b'])
    expect(database.asked).toEqual(['2 from part of a'])
    expect(await freePlaces(world)).toBe(1)
  })

  it('gets them although some of its own items were held up, and it was called without those', async () => {
    const slow: Guard = {
      name: 'slow',
      async run(flight, next) {
        const claim = await flight.claim()
        if (flight.key === 'b') await flight.clock.sleep(5_000)
        return next(flightWith(flight, { claim: async () => claim }))
      },
    }
    const guard = composeGuards(singleFlight(), limitLoads({ concurrency: 1, queue: 0 }), slow)
    const { cache, clock, database } = limited({ concurrency: 1 }, { guard })
    const many = cache.getOrSetMany(['a', 'b'], {
      key: itself,
      load: items => Promise.all(items.map(item => cache.getOrSet(`part of ${item}`, database.query))),
    })
    await clock.advance(5_000)
    expect(database.asked).toEqual(['part of a', 'part of b'])
    await clock.advance(100)
    expect(await many).toEqual(['row part of a', 'row part of b'])
  })

  it('lends its place to a load in line when it has to wait for that', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    const outer = cache.getOrSetMany(['a', 'b'], {
      key: itself,
      async load(items, { signal }) {
        await database.query({ key: 'outer', signal })
        const inner = await cache.getOrSet('in line', database.query)
        await database.query({ key: 'outer again', signal })
        return items.map(() => inner)
      },
    })
    const inLine = cache.getOrSet('in line', database.query)
    await clock.advance(250)
    expect(await inLine).toBe('row in line')
    const later = cache.getOrSet('later', database.query)
    await clock.advance(250)
    expect(await Promise.all([outer, later])).toEqual([['row in line', 'row in line'], 'row later'])
    expect(database.asked).toEqual(['outer', 'in line', 'outer again', 'later'])
    expect(database.most).toBe(1)
    expect(await freePlaces(world)).toBe(1)
  })

  it('lends its place to a call for many items in line when it has to wait for one of those', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    const outer = cache.getOrSet('outer', async context => {
      await database.query(context)
      return cache.getOrSet('b', database.query)
    })
    const inLine = cache.getOrSetMany(['a', 'b', 'c'], { key: itself, load: querying(world) })
    await clock.advance(250)
    expect(await inLine).toEqual(rowsOf(['a', 'b', 'c']))
    expect(await outer).toBe('row b')
    expect(database.asked).toEqual(['outer', '3 from a'])
    expect(database.most).toBe(1)
    expect(await freePlaces(world)).toBe(1)
  })
})
