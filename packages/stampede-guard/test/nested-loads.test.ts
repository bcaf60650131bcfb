import { describe, expect, it } from 'vitest'
import { settled } from '../../../tests/behaviour/settled.js'
import { freePlaces, limitedInUse } from './limited.js'

const codeOf = ({ code }: { readonly code: string }) => code

describe('A loader that asks for other keys', () => {
  it('gets them although all places are taken and there is no line', async () => {
    const { cache, clock, database } = await limitedInUse({ concurrency: 1, queue: 0 })
    const page = cache.getOrSet('page', async () => {
      const parts = await Promise.all(['head', 'body'].map(key => cache.getOrSet(key, database.query)))
      return parts.join(', ')
    })
    await clock.advance(100)
    expect(await page).toBe('row head, row body')
  })

  it('gets them from loaders that ask for others in turn', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    const nested = (depth: number): Promise<string> =>
      cache.getOrSet(`depth ${depth}`, async context => {
        await database.query(context)
        return depth === 0 ? 'bottom' : nested(depth - 1)
      })
    const calls = [nested(9), cache.getOrSet('a', database.query)]
    await clock.advance(1_100)
    expect(await Promise.all(calls)).toEqual(['bottom', 'row a'])
    expect(database.most).toBe(1)
    expect(await freePlaces(world)).toBe(1)
  })

  it('gets them from other namespaces with limits of their own', async () => {
    const world = await limitedInUse({ concurrency: 1, queue: 0, per: 'namespace' })
    const [users, teams] = [world.cache.namespace('users'), world.cache.namespace('teams')]
    const { clock, database } = world
    const calls = [
      users.getOrSet('1', () => teams.getOrSet('2', database.query)),
      teams.getOrSet('1', () => users.getOrSet('2', database.query)),
    ]
    await clock.advance(100)
    expect(await Promise.all(calls)).toEqual(['row 2', 'row 2'])
  })

  it('lends its place to a load in line when it has to wait for that', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    const outer = cache.getOrSet('outer', async context => {
      await database.query(context)
      const inner = await cache.getOrSet('in line', database.query)
      await database.query(context)
      return inner
    })
    const inLine = cache.getOrSet('in line', database.query)
    await clock.advance(250)
    expect(await inLine).toBe('row in line')
    const later = cache.getOrSet('later', database.query)
    await clock.advance(250)
    expect(await Promise.all([outer, later])).toEqual(['row in line', 'row later'])
    expect(database.asked).toEqual(['outer', 'in line', 'outer', 'later'])
    expect(database.most).toBe(1)
    expect(await freePlaces(world)).toBe(1)
  })

  it('of which some are cached, some in line and some new gets them all', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    await cache.set('cached', 'as it was')
    const keys = ['cached', 'line 1', 'line 2', 'new 1', 'new 2']
    const outer = cache.getOrSet('outer', async context => {
      await database.query(context)
      return Promise.all(keys.map(key => cache.getOrSet(key, database.query)))
    })
    const inLine = ['line 1', 'line 2'].map(key => cache.getOrSet(key, database.query))
    await clock.advance(400)
    expect(await outer).toEqual(['as it was', 'row line 1', 'row line 2', 'row new 1', 'row new 2'])
    await Promise.all(inLine)
    expect(await freePlaces(world)).toBe(1)
  })

  it.each([
    ['fails', () => Promise.reject(new Error('no such row')), 'no such row', 'no such row', ['outer']],
    [
      'runs out of its time, and asks anew',
      () => new Promise<string>(() => {}),
      expect.stringContaining('hardTimeout of 500 ms'),
      'row in line',
      ['outer', 'in line'],
    ],
  ])('takes its place back when what it waits for %s', async (_, load, message, answer, asked) => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    const outer = cache.getOrSet('outer', async context => {
      await database.query(context)
      return cache.getOrSet('in line', database.query)
    })
    const inLine = cache.getOrSet('in line', load, { hardTimeout: 500 })
    const messages = Promise.all([outer, inLine].map(call => call.catch(error => error.message)))
    await clock.advance(900)
    expect(await messages).toEqual([answer, message])
    expect(database.asked).toEqual(asked)
    expect(await freePlaces(world)).toBe(1)
  })

  it('stands in line once its own load is over', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock, database } = world
    let afterwards: Promise<string> | undefined
    await cache.getOrSet('done', () => {
      afterwards = clock.sleep(50).then(() => cache.getOrSet('afterwards', database.query))
      return 'at once'
    })
    const next = ['a', 'b'].map(key => cache.getOrSet(key, database.query))
    await clock.advance(300)
    expect(await Promise.all([...next, afterwards])).toEqual(['row a', 'row b', 'row afterwards'])
    expect(database.asked).toEqual(['a', 'b', 'afterwards'])
    expect(database.most).toBe(1)
    expect(await freePlaces(world)).toBe(1)
  })
})

describe('Loaders that ask for each other in a circle', () => {
  it.each([1, 2])('end by the hardTimeout, all of them, at a concurrency of %i', async concurrency => {
    const world = await limitedInUse({ concurrency }, { hardTimeout: '1s' })
    const { cache, clock } = world
    const ask = (key: string, ...rest: string[]): Promise<string> =>
      cache.getOrSet(key, () => ask(...(rest as [string]), key))
    const calls = [ask('a', 'b'), ask('b', 'a'), ask('c'), ask('d', 'e', 'f'), ask('f', 'd', 'e')]
    const outcomes = Promise.all(calls.map(call => call.catch(codeOf)))
    const done = settled(outcomes)
    await clock.advance(999)
    expect(done()).toBe(false)
    await clock.advance(1)
    expect(await outcomes).toEqual(Array(5).fill('ERR_CACHE_LOAD_TIMEOUT'))
    expect(await freePlaces(world)).toBe(concurrency)
  })

  it('go on when one of them has less time and something else to return', async () => {
    const world = await limitedInUse({ concurrency: 1 })
    const { cache, clock } = world
    const a = cache.getOrSet('a', () =>
      cache.getOrSet('b', () =>
        cache.getOrSet('a', () => 'never', { hardTimeout: 300 }).catch(() => 'without a'),
      ),
    )
    await clock.advance(300)
    expect(await a).toBe('without a')
    expect(await cache.get('b')).toBe('without a')
    expect(await freePlaces(world)).toBe(1)
  })
})
