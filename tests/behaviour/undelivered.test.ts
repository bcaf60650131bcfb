import type { Cache } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it } from 'vitest'
import { type CutOff, cutOff, fates } from './cut-off.js'

type Invalidate = (cache: Cache) => Promise<boolean>

const ways: { how: string; kind: 'delete' | 'expire'; invalidate: Invalidate }[] = [
  { how: 'delete', kind: 'delete', invalidate: cache => cache.delete('a') },
  { how: 'deleteMany', kind: 'delete', invalidate: cache => cache.deleteMany(['a']) },
  { how: 'expire', kind: 'expire', invalidate: cache => cache.expire('a') },
  {
    how: 'an invalidation that was collected',
    kind: 'delete',
    invalidate: c => c.invalidation().keys('a').run(),
  },
]

describe.each(ways)('A key that the store could not be told of, by $how,', ({ kind, invalidate }) => {
  async function invalidated(): Promise<CutOff> {
    const both = cutOff()
    await both.cache.set('a', 'old', { grace: '1m' })
    await both.cache.set('b', 'other')
    both.store.fail()
    expect(await invalidate(both.cache)).toBe(false)
    both.store.heal()
    return both
  }

  it('is read as if the store did not answer, though it does', async () => {
    const { cache, store } = await invalidated()
    store.calls.length = 0
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.has('a')).toBe(false)
    expect((await cache.lookup('a')).state).toBe('miss')
    expect(await cache.getMany(['a'])).toEqual(new Map())
    expect(store.calls).toEqual([])
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['b', 'other']]))
  })

  it('is loaded by every caller, and not stored', async () => {
    const { cache, other, trace } = await invalidated()
    trace.events.length = 0
    expect(await cache.getOrSet('a', () => 'new')).toBe('new')
    expect(await cache.getOrSet('a', () => 'newer')).toBe('newer')
    expect(trace.lines('reason')).toEqual([
      'miss',
      'load reason=miss',
      'not-stored reason=no-claim',
      'miss',
      'load reason=miss',
      'not-stored reason=no-claim',
    ])
    expect(await other.get('a')).toBe('old')
  })

  it('is not replaced on condition of what was found before', async () => {
    const both = cutOff()
    const { cache, store, other } = both
    await cache.set('a', 'old', { grace: '1m' })
    const { version } = await cache.lookup('a')
    store.fail()
    await invalidate(cache)
    store.heal()
    expect(await cache.set('a', 'made of the old one', { ifVersion: version })).toBe(false)
    expect(await cache.get('a')).toBeUndefined()
    expect(await other.get('a')).toBe('old')
  })

  it('is told to the store again, and then read and stored again', async () => {
    const { cache, other, clock, trace } = await invalidated()
    expect(await other.get('a')).toBe('old')
    await clock.advance(100)
    expect(fates(trace)).toEqual([`queued ${kind} key a`, `delivered ${kind} key a`])
    expect(await other.get('a')).toBeUndefined()
    expect((await cache.lookup('a')).state).toBe(kind === 'expire' ? 'stale' : 'miss')
    expect(await cache.getOrSet('a', () => 'new')).toBe('new')
    expect(await other.get('a')).toBe('new')
  })

  it('says where it belongs', async () => {
    const { cache, store, trace } = cutOff()
    store.fail()
    await invalidate(cache.namespace('users'))
    expect(trace.events.find(({ type }) => type === 'invalidation-queued')).toEqual({
      type: 'invalidation-queued',
      kind,
      target: 'key',
      name: 'a',
      path: `${cache.path}:users`,
    })
  })
})

describe('A tag that the store could not be told of', () => {
  const tags = ['t']

  async function invalidated(invalidate: Invalidate): Promise<CutOff> {
    const both = cutOff()
    await both.cache.set('a', 'old', { tags, grace: '1m' })
    await both.cache.set('b', 'other', { tags: ['u'] })
    both.store.fail()
    expect(await invalidate(both.cache)).toBe(false)
    both.store.heal()
    return both
  }

  it('makes what it tags a miss, whether or not the reader names it', async () => {
    const { cache } = await invalidated(c => c.deleteTags(tags))
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.has('a')).toBe(false)
    expect((await cache.lookup('a')).state).toBe('miss')
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map([['b', 'other']]))
    expect(await cache.getOrSet('a', () => 'new', { tags })).toBe('new')
  })

  it('that was to expire makes it stale, until it is deleted too', async () => {
    const { cache, store, clock, other } = await invalidated(c => c.expireTags(tags))
    expect(await cache.lookup('a')).toMatchObject({ state: 'stale', value: 'old' })
    expect(await cache.get('a')).toBeUndefined()
    store.fail()
    await cache.deleteTags(tags)
    expect(await cache.expireTags(tags)).toBe(false)
    store.heal()
    expect((await cache.lookup('a')).state).toBe('miss')
    await clock.advance(100)
    expect((await other.lookup('a')).state).toBe('miss')
  })

  it.each([
    ['deleteTags', 'miss'],
    ['expireTags', 'stale'],
  ] as const)(
    'by %s gets a new token when the store is told: what others have stored meanwhile is a %s',
    async (how, state) => {
      const { cache, other, clock, trace } = await invalidated(c => c[how](tags))
      await other.delete('a')
      await other.getOrSet('a', () => 'stored meanwhile', { tags, grace: '1m' })
      expect(await other.get('a')).toBe('stored meanwhile')
      await clock.advance(100)
      const kind = how === 'deleteTags' ? 'delete' : 'expire'
      expect(fates(trace)).toEqual([`queued ${kind} tag t`, `delivered ${kind} tag t`])
      expect((await other.lookup('a')).state).toBe(state)
      expect(await cache.getOrSet('a', () => 'new', { tags, grace: '1m' })).toBe('new')
      expect(await other.get('a')).toBe('new')
      expect(await other.get('b')).toBe('other')
    },
  )

  it('overtakes a load that finds out only afterwards that it has that tag', async () => {
    const { cache, store, clock } = cutOff()
    await cache.set('other', 1, { tags })
    const loaded = await cache.getOrSet(
      'a',
      async () => {
        store.fail()
        expect(await cache.deleteTags(tags)).toBe(false)
        store.heal()
        return 'old'
      },
      { tags: () => tags },
    )
    expect(loaded).toBe('old')
    expect(await cache.get('a')).toBeUndefined()
    await clock.advance(100)
    expect(await cache.get('a')).toBeUndefined()
  })

  it('of one namespace leaves the same tag of others alone', async () => {
    const { cache, store, clock, other, trace } = cutOff()
    const spaces = ['x', 'y', 'z'].map(name => cache.namespace(name))
    for (const space of spaces) await space.set('a', space.path, { tags })
    store.fail()
    expect(await cache.namespace('x').deleteTags(tags)).toBe(false)
    expect(await cache.namespace('y').deleteTags(tags)).toBe(false)
    store.heal()
    const found = async (root: Cache) =>
      Promise.all(['x', 'y', 'z'].map(name => root.namespace(name).has('a')))
    expect(await found(cache)).toEqual([false, false, true])
    expect(await found(other)).toEqual([true, true, true])
    await clock.advance(100)
    expect(await found(other)).toEqual([false, false, true])
    expect(fates(trace)).toEqual([
      ...['queued delete tag t', 'queued delete tag t'],
      ...['delivered delete tag t', 'delivered delete tag t'],
    ])
  })
})

describe.each([
  { what: 'whose keys can be listed', without: [], until: 100 },
  // It takes a second until no process goes by the old generation any more.
  { what: 'whose keys can not be listed', without: ['clear', 'expire'], until: 1_200 },
] as const)('A namespace of a store $what that could not be told of clear()', ({ without, until }) => {
  it('is read as if the store did not answer, with all that is nested in it, and nothing else', async () => {
    const { cache, store, clock, other, trace } = cutOff({}, { without })
    const users = cache.namespace('users')
    const views = [users, users.namespace('archive'), cache, cache.namespace('users2')]
    for (const view of views) await view.set('a', 'old')
    store.fail()
    expect(await users.clear()).toBe(false)
    store.heal()
    const read = () => Promise.all(views.map(view => view.get('a')))
    expect(await read()).toEqual([undefined, undefined, 'old', 'old'])
    expect(await users.getOrSet('a', () => 'new')).toBe('new')
    expect(await users.get('a')).toBeUndefined()
    expect(await other.namespace('users').get('a')).toBe('old')

    await clock.advance(until)
    expect(fates(trace)).toEqual([
      `queued clear prefix ${users.path}`,
      `delivered clear prefix ${users.path}`,
    ])
    expect(await other.namespace('users').get('a')).toBeUndefined()
    expect(await other.namespace('users').namespace('archive').get('a')).toBeUndefined()
    expect(await other.get('a')).toBe('old')
    expect(await users.getOrSet('a', () => 'new')).toBe('new')
    expect(await users.get('a')).toBe('new')
  })

  it('is taken off by a clear that the store has taken', async () => {
    const { cache, store, clock, trace } = cutOff({}, { without })
    store.fail()
    expect(await cache.clear()).toBe(false)
    store.heal()
    const clearing = cache.clear()
    await clock.advance(until - 100)
    expect(await clearing).toBe(true)
    expect(fates(trace)).toContain(`delivered clear prefix ${cache.path}`)
    expect(await cache.set('a', 1)).toBe(true)
    await clock.advance(5_000)
    expect(await cache.get('a')).toBe(1)
  })
})

describe('A key that is blocked, under a guard that joins', () => {
  it('is loaded once for all while the store does not answer', async () => {
    const { cache, store, clock } = cutOff({ guard: stampedeGuard() })
    store.fail()
    await cache.delete('k')
    const rows: ((row: string) => void)[] = []
    const load = () => new Promise<string>(resolve => rows.push(resolve))
    const calls: Promise<string>[] = []
    for (let caller = 0; caller < 20; caller++) {
      calls.push(cache.getOrSet('k', load))
      await clock.advance(0)
    }
    expect(rows).toHaveLength(1)
    rows[0]?.('row')
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['row']))
  })

  it('has no load shared that began before the caller asked: another process may have invalidated it since', async () => {
    const { cache, store, other, clock } = cutOff({ guard: stampedeGuard() })
    store.fail()
    await cache.delete('k')
    store.heal()
    await cache.get('another')
    const rows: ((row: string) => void)[] = []
    const load = () => new Promise<string>(resolve => rows.push(resolve))
    const before = cache.getOrSet('k', load)
    await clock.advance(0)
    expect(rows).toHaveLength(1)
    await other.delete('k')
    const after = cache.getOrSet('k', load)
    await clock.advance(0)
    expect(rows).toHaveLength(2)
    rows[0]?.('old')
    rows[1]?.('new')
    expect([await before, await after]).toEqual(['old', 'new'])
  })
})
