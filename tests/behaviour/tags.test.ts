import type { Cache } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { backends } from '../backends.js'
import { guards } from './guards.js'
import { observedCache } from './observed-cache.js'

/** What `keys` hold, without counting tags that the calls would name. */
async function held(cache: Cache, keys: readonly string[]): Promise<Record<string, unknown>> {
  return Object.fromEntries(await cache.getMany(keys))
}

const variants = backends.flatMap(backend => guards.map(how => ({ ...how, backend, name: backend.name })))

describe.each(variants)('Tags on $name $guarded', ({ backend, guard }) => {
  const open = (options = {}) => observedCache(backend, { guard, ...options })

  it.each(['deleteTags', 'invalidateTags'] as const)(
    '%s deletes what has one of the tags, however it got there, and nothing else',
    async method => {
      const { cache } = open()
      await cache.getOrSet('loaded', () => 1, { tags: ['users', 'user:1'] })
      await cache.set('set', 1, { tags: ['users'] })
      await cache.setMany([['many', 1]], { tags: ['teams', 'users'] })
      const find = cache.wrap((id: number) => id, { key: 'wrapped', tags: ['users'] })
      await find(7)
      await cache.set('other', 1, { tags: ['teams'] })
      await cache.set('untagged', 1)
      const keys = ['loaded', 'set', 'many', find.key(7), 'other', 'untagged']
      expect(Object.keys(await held(cache, keys))).toEqual(keys)

      expect(await cache[method](['users', 'nobody has it'])).toBe(true)
      expect(Object.keys(await held(cache, keys))).toEqual(['other', 'untagged'])
      expect(await cache.getOrSet('loaded', () => 2, { tags: ['users', 'user:1'] })).toBe(2)
      expect(await cache.getOrSet('loaded', () => 3, { tags: ['users', 'user:1'] })).toBe(2)
    },
  )

  it('are told of in one event, and their entries as unusable', async () => {
    const { cache, trace } = open()
    const tags = ['users', 'user:1']
    await cache.namespace('people').getOrSet('a', () => 1, { tags })
    await cache.namespace('people').deleteTags(['user:1', 'user:2', 'user:1'])
    await cache.namespace('people').getOrSet('a', () => 2, { tags })
    expect(trace.lines('kind', 'path', 'tags', 'delivered', 'reason')).toEqual([
      'miss',
      'load reason=miss',
      'commit',
      `invalidate-tags kind=delete path=${cache.path}:people tags=[ 'user:1', 'user:2' ] delivered=true`,
      'unusable reason=tag',
      'miss',
      'load reason=miss',
      'commit',
    ])
    expect(cache.stats().invalidations).toBe(2)
  })

  it('of an empty list are nothing to do', async () => {
    const { cache, trace } = open()
    await cache.getOrSet('a', () => 1, { tags: [] })
    for (const method of ['deleteTags', 'invalidateTags', 'expireTags'] as const) {
      expect(await cache[method]([])).toBe(true)
    }
    expect(await cache.getOrSet('a', () => 2, { tags: [] })).toBe(1)
    expect(trace.types()).toEqual(['miss', 'load', 'commit', 'hit'])
  })

  it('may be invalidated again and again, and be used after each time', async () => {
    const { cache } = open()
    for (let round = 1; round <= 5; round++) {
      expect(await cache.getOrSet('a', () => round, { tags: ['t'] })).toBe(round)
      expect(await cache.getOrSet('a', () => -1, { tags: ['t'] })).toBe(round)
      await cache.deleteTags(['t'])
      await cache.deleteTags(['t'])
    }
  })

  it('of an entry are those of its latest write', async () => {
    const { cache } = open()
    await cache.set('a', 1, { tags: ['old'] })
    await cache.set('a', 2, { tags: ['new'] })
    await cache.set('b', 1, { tags: ['old'] })
    await cache.set('b', 2)
    await cache.deleteTags(['old'])
    expect(await held(cache, ['a', 'b'])).toEqual({ a: 2, b: 2 })
    await cache.getOrSet('b', () => 3, { tags: ['new'], refresh: true })
    await cache.deleteTags(['new'])
    expect(await held(cache, ['a', 'b'])).toEqual({})
  })

  describe('that a call names and the entry lacks', () => {
    it('make it a miss, and the load that follows gives it them', async () => {
      const { cache, trace } = open()
      await cache.set('a', 'untagged')
      expect(await cache.getOrSet('a', () => 'tagged', { tags: ['t'] })).toBe('tagged')
      expect(trace.lines('reason')).toEqual([
        'set',
        'unusable reason=tag',
        'miss',
        'load reason=miss',
        'commit',
      ])
      await cache.deleteTags(['t'])
      expect(await cache.get('a')).toBeUndefined()
    })

    it('make it a miss for every read that names them', async () => {
      const { cache } = open()
      await cache.set('a', 1, { tags: ['t', 'u'] })
      const lacking = { tags: ['t', 'v'] }
      expect(await cache.get('a', lacking)).toBeUndefined()
      expect(await cache.has('a', lacking)).toBe(false)
      expect((await cache.lookup('a', lacking)).state).toBe('miss')
      expect((await cache.getMany(['a'], lacking)).size).toBe(0)
      for (const tags of [['t'], ['u', 't'], [], ['t', 't']]) {
        expect(await cache.get('a', { tags })).toBe(1)
        expect(await cache.has('a', { tags })).toBe(true)
        expect((await cache.lookup('a', { tags })).state).toBe('fresh')
        expect((await cache.getMany(['a'], { tags })).size).toBe(1)
      }
    })
  })

  describe('that are expired', () => {
    it('make what has them stale, which stands in when a load fails', async () => {
      const { cache } = open({ grace: '1h' })
      await cache.set('a', 1, { tags: ['t', 'u'] })
      await cache.set('b', 1, { tags: ['u'] })
      expect(await cache.expireTags(['t'])).toBe(true)
      expect(await cache.lookup('a')).toMatchObject({ state: 'stale', value: 1, staleAt: 0 })
      expect(await held(cache, ['a', 'b'])).toEqual({ b: 1 })
      expect(await cache.has('a')).toBe(false)
      expect(cache.peek('a')).toBeUndefined()
      const down = () => Promise.reject(new Error('database down'))
      expect(await cache.getOrSet('a', down, { tags: ['t', 'u'] })).toBe(1)
    })

    it('make what has them dead where there is no grace', async () => {
      const { cache } = open()
      await cache.set('a', 1, { tags: ['t'] })
      await cache.expireTags(['t'])
      expect((await cache.lookup('a')).state).toBe('miss')
      const down = () => Promise.reject(new Error('database down'))
      await expect(cache.getOrSet('a', down, { tags: ['t'] })).rejects.toThrow('database down')
    })

    it('leave fresh what is written afterwards', async () => {
      const { cache } = open({ grace: '1h' })
      await cache.set('a', 1, { tags: ['t'] })
      await cache.expireTags(['t'])
      await cache.expireTags(['t'])
      await cache.getOrSet('a', () => 2, { tags: ['t'], refresh: true })
      expect(await cache.lookup('a')).toMatchObject({ state: 'fresh', value: 2 })
      expect(await cache.getOrSet('a', () => 3, { tags: ['t'] })).toBe(2)
    })

    it('are dead once they are deleted, and stay so when they are expired after that', async () => {
      const { cache } = open({ grace: '1h' })
      await cache.setMany(
        [
          ['a', 1],
          ['b', 1],
        ],
        { tags: ['t'] },
      )
      await cache.expireTags(['t'])
      await cache.deleteTags(['t'])
      await cache.expireTags(['t'])
      expect((await cache.lookup('a')).state).toBe('miss')
      await cache.set('b', 2, { tags: ['t'] })
      expect((await cache.lookup('a')).state).toBe('miss')
    })
  })

  it('belong to their namespace: those of others, nested ones too, are others', async () => {
    const { cache } = open()
    const views = [cache, cache.namespace('users'), cache.namespace('users').namespace('archive')]
    const all = () => Promise.all(views.map(view => view.get('a')))
    for (const [index] of views.entries()) {
      for (const view of views) await view.getOrSet('a', () => 1, { tags: ['t'] })
      await views[index]?.deleteTags(['t'])
      expect(await all()).toEqual(views.map((_, other) => (other === index ? undefined : 1)))
    }
  })

  it('may be 64, each as good as the first, given more than once or not', async () => {
    const { cache } = open()
    const tags = Array.from({ length: 64 }, (_, index) => `tag:${index}`.padEnd(120, '·'))
    for (const tag of [tags[0], tags[31], tags[63]]) {
      await cache.getOrSet('a', () => 1, { tags: [...tags, ...tags] })
      expect(await cache.getOrSet('a', () => 2, { tags })).toBe(1)
      await cache.deleteTags([tag as string])
      expect(await cache.get('a')).toBeUndefined()
    }
    await cache.set('a', 1, { tags })
    expect(await cache.deleteTags(Array.from({ length: 3_000 }, (_, index) => `many:${index}`))).toBe(true)
    expect(await cache.get('a')).toBe(1)
  })

  it('may have any name of up to 250 bytes, and no two names are the same tag', async () => {
    const { cache } = open()
    const names = [
      ...['a', 'A', ' a', 'a ', 'a\n', '\0', '\x7f', '~', 'a~', 'tag', '#tag:a', ':#tag:a', '*', '__proto__'],
      ...['ä', 'a\u0308', '日本語', '👩‍👩‍👧', 'é'.repeat(125), '€'.repeat(83), '😀'.repeat(62)],
      ...['x'.repeat(250), 'x'.repeat(249), `${'x'.repeat(249)}y`],
    ]
    const keys = names.map((_, index) => `k${index}`)
    for (const [index, name] of names.entries()) await cache.set(`k${index}`, name, { tags: [name] })
    for (const [index, name] of names.entries()) {
      expect((await cache.getMany(keys)).size).toBe(names.length - index)
      expect(await cache.get(`k${index}`, { tags: [name] })).toBe(name)
      await cache.deleteTags([name])
      expect(await cache.get(`k${index}`)).toBeUndefined()
    }
  })

  it('are those that were given, whatever becomes of the array', async () => {
    const { cache } = open()
    for (const given of [['t'], ['t', 'u']]) {
      const tags = [...given]
      await cache.getOrSet(
        'a',
        () => {
          tags.length = 0
          return 1
        },
        { tags },
      )
      expect(await cache.get('a', { tags: given })).toBe(1)
      await cache.deleteTags(['t'])
      expect(await cache.get('a')).toBeUndefined()
    }
  })

  it('last as long as what has them, be it ten years', async () => {
    const { cache } = open({ ttl: '3650d', grace: '10d' })
    await cache.getOrSet('a', () => 1, { tags: ['t'] })
    expect(await cache.getOrSet('a', () => 2, { tags: ['t'] })).toBe(1)
    await cache.expireTags(['t'])
    expect((await cache.lookup('a')).state).toBe('stale')
  })

  describe('after a write', () => {
    it('are named by invalidateAfter, or by a function of the result', async () => {
      const { cache } = open()
      const fill = () => cache.set('a', 1, { tags: ['t'] })
      await fill()
      expect(await cache.invalidateAfter(async () => 'done', { tags: ['t'] })).toBe('done')
      expect(await cache.get('a')).toBeUndefined()
      await fill()
      await cache.set('b', 1)
      await cache.invalidateAfter(async () => ({ tag: 't' }), { keys: ['b'], tags: ({ tag }) => [tag] })
      expect(await held(cache, ['a', 'b'])).toEqual({})
    })

    it('are invalidated also when the write rejects, which may have committed all the same', async () => {
      const { cache } = open()
      await cache.set('a', 1, { tags: ['t'] })
      const failed = new Error('connection lost')
      await expect(cache.invalidateAfter(() => Promise.reject(failed), { tags: ['t'] })).rejects.toBe(failed)
      expect(await cache.get('a')).toBeUndefined()
    })

    it('are collected in a transaction, together with keys, and invalidated once it is over', async () => {
      const { cache, trace } = open()
      await cache.set('a', 1, { tags: ['t'] })
      await cache.set('b', 1)
      const invalidation = cache.invalidation()
      expect(invalidation.tags('t', 'u').keys('b').tags('t')).toBe(invalidation)
      expect(await held(cache, ['a', 'b'])).toEqual({ a: 1, b: 1 })
      expect(await invalidation.run()).toBe(true)
      expect(await held(cache, ['a', 'b'])).toEqual({})
      trace.events.length = 0
      expect(await invalidation.run()).toBe(true)
      expect(trace.events).toEqual([])
    })
  })

  it('that were invalidated after a lookup keep a conditional write from being fresh', async () => {
    const { cache } = open({ grace: '1h' })
    for (const how of ['deleteTags', 'expireTags'] as const) {
      await cache.set('a', 'old', { tags: ['t'] })
      const { version } = await cache.lookup('a')
      await cache[how](['t'])
      await cache.set('a', 'made of the old', { tags: ['t'], ifVersion: version })
      expect(await cache.get('a')).toBeUndefined()
      await cache.delete('a')
    }
    await cache.set('a', 1, { tags: ['t'] })
    const { version } = await cache.lookup('a')
    expect(await cache.set('a', 2, { tags: ['t', 'u'], ifVersion: version })).toBe(true)
    expect(await cache.get('a', { tags: ['t', 'u'] })).toBe(2)
  })

  it('go with what is not stored', async () => {
    const { cache } = open()
    await cache.getOrSet('a', () => 1, { tags: ['t'], ttl: 0 })
    await cache.set('b', 1, { tags: ['t'], ttl: 0 })
    expect(await held(cache, ['a', 'b'])).toEqual({})
  })
})
