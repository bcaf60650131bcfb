import type { LoadContext } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { backends, openCache } from '../backends.js'
import { guards } from './guards.js'
import { observedCache } from './observed-cache.js'

interface User {
  readonly id: number
  readonly team: string
}

const tagsOfUser = ({ id, team }: User) => [`user:${id}`, `team:${team}`]
const ada: User = { id: 1, team: 'red' }
const bob: User = { id: 2, team: 'blue' }

const variants = backends.flatMap(backend => guards.map(how => ({ ...how, backend, name: backend.name })))

describe.each(variants)('Tags computed on $name $guarded', ({ backend, guard }) => {
  const open = (options = {}) => observedCache(backend, { guard, ...options })

  it('from the loaded value invalidate it, from the first load on', async () => {
    const { cache } = open()
    for (const tag of ['user:1', 'team:red']) {
      expect(await cache.getOrSet('ada', () => ada, { tags: tagsOfUser })).toEqual(ada)
      expect(await cache.getOrSet('bob', () => bob, { tags: tagsOfUser })).toEqual(bob)
      expect(await cache.get('ada')).toEqual(ada)
      await cache.deleteTags([tag])
      expect(await cache.get('ada')).toBeUndefined()
      expect(await cache.get('bob')).toEqual(bob)
    }
  })

  it('are asked of each load, and of no hit', async () => {
    const { cache } = open()
    const asked: unknown[] = []
    const tags = (value: number) => {
      asked.push(value)
      return [`tag:${value}`]
    }
    for (let call = 0; call < 3; call++) await cache.getOrSet('a', () => 1, { tags })
    expect(asked).toEqual([1])
    await cache.getOrSet('a', () => 2, { tags, refresh: true })
    expect(asked).toEqual([1, 2])
    await cache.deleteTags(['tag:1'])
    expect(await cache.get('a')).toBe(2)
    await cache.deleteTags(['tag:2'])
    expect(await cache.get('a')).toBeUndefined()
  })

  it('by the loader add to one another, and to those that the call names', async () => {
    const { cache } = open()
    const load = ({ setTags }: LoadContext) => {
      setTags(['first'])
      setTags(['second', 'named'])
      return 1
    }
    for (const tag of ['named', 'first', 'second']) {
      await cache.getOrSet('a', load, { tags: ['named'] })
      expect(await cache.get('a', { tags: ['named', 'first', 'second'] })).toBe(1)
      await cache.deleteTags([tag])
      expect(await cache.get('a')).toBeUndefined()
    }
    await cache.getOrSet('b', load, { tags: value => [`value:${value}`] })
    expect(await cache.get('b', { tags: ['value:1', 'first', 'second', 'named'] })).toBe(1)
  })

  it('by a loader that does not look as if it took a context count as well, once it has set the first', async () => {
    const cache = openCache(backend, { guard })
    const load = (...[context]: [context?: LoadContext]) => {
      context?.setTags(['hidden'])
      return 1
    }
    // The first load of a namespace may go unstored, and its claim is given up after it was answered.
    await vi.waitFor(async () => {
      await cache.getOrSet('a', load)
      expect(await cache.get('a', { tags: ['hidden'] })).toBe(1)
    })
    await cache.deleteTags(['hidden'])
    expect(await cache.get('a')).toBeUndefined()
  })

  it('of a wrapped function may come from its arguments too', async () => {
    const { cache } = open()
    let calls = 0
    const find = cache.wrap((id: number, team: string) => ({ id, team, call: ++calls }), {
      key: 'find',
      tags: (user, id, team) => [`call:${user.call}`, `id:${id}`, `team:${team}`],
    })
    expect((await find(1, 'red')).call).toBe(1)
    expect((await find(2, 'red')).call).toBe(2)
    expect((await find(2, 'red')).call).toBe(2)
    await cache.deleteTags(['id:1'])
    expect((await find(2, 'red')).call).toBe(2)
    expect((await find(1, 'red')).call).toBe(3)
    await cache.deleteTags(['call:2', 'call:3'])
    expect((await find(1, 'red')).call).toBe(4)
    expect((await find(2, 'red')).call).toBe(5)
    await find.refresh(2, 'red')
    await cache.deleteTags(['call:6'])
    expect((await find(2, 'red')).call).toBe(7)
    await cache.deleteTags(['team:red'])
    expect(await cache.getMany([find.key(1, 'red'), find.key(2, 'red')])).toEqual(new Map())
  })

  it('of what set and setMany write come from each value', async () => {
    const { cache } = open()
    const users = cache.namespace<User>('users')
    await users.set('ada', ada, { tags: tagsOfUser })
    await users.setMany(
      [
        ['bob', bob],
        ['eve', { id: 3, team: 'red' }],
      ],
      { tags: tagsOfUser },
    )
    await users.deleteTags(['team:red'])
    expect(await users.getMany(['ada', 'bob', 'eve'])).toEqual(new Map([['bob', bob]]))
  })

  it('see the value as its readers do, after the schema', async () => {
    const { cache } = open()
    const schema = z.object({ id: z.coerce.number() })
    const tags = ({ id }: { id: number }) => [`user:${id + 1}`]
    await cache.getOrSet('a', () => ({ id: '41' }), { schema, tags })
    await cache.set('b', { id: '41' }, { schema, tags: value => tags(value as { id: number }) })
    expect(await cache.has('a', { tags: ['user:42'] })).toBe(true)
    expect(await cache.has('b', { tags: ['user:42'] })).toBe(true)
  })

  it('may be none, and may be named by whoever reads', async () => {
    const { cache } = open()
    await cache.getOrSet('none', () => ada, { tags: () => [] })
    await cache.getOrSet('ada', () => ada, { tags: tagsOfUser })
    expect(await cache.get('none')).toEqual(ada)
    expect(await cache.get('ada', { tags: ['team:red'] })).toEqual(ada)
    expect(await cache.get('none', { tags: ['team:red'] })).toBeUndefined()
    expect(await cache.get('ada', { tags: ['team:blue'] })).toBeUndefined()
  })

  it('are expired like any other', async () => {
    const { cache } = open({ grace: '1h' })
    await cache.getOrSet('ada', () => ada, { tags: tagsOfUser })
    await cache.expireTags(['team:red'])
    expect(await cache.lookup('ada')).toMatchObject({ state: 'stale', value: ada })
    const down = () => Promise.reject(new Error('database down'))
    expect(await cache.getOrSet('ada', down, { tags: tagsOfUser })).toEqual(ada)
    await cache.deleteTags(['user:1'])
    expect((await cache.lookup('ada')).state).toBe('miss')
  })

  it('belong to the namespace of the key', async () => {
    const { cache } = open()
    const users = cache.namespace<User>('users')
    await users.getOrSet('ada', () => ada, { tags: tagsOfUser })
    await cache.deleteTags(['user:1'])
    expect(await users.get('ada')).toEqual(ada)
    await users.deleteTags(['user:1'])
    expect(await users.get('ada')).toBeUndefined()
  })

  it('that throw or are no tags fail the call, and leave the key to the next', async () => {
    const { cache, trace } = open()
    const failure = new Error('no team')
    const broken = () => {
      throw failure
    }
    await expect(cache.getOrSet('a', () => 1, { tags: broken })).rejects.toBe(failure)
    await expect(cache.set('a', 1, { tags: broken })).rejects.toBe(failure)
    const bad = { tags: () => [''] }
    await expect(cache.getOrSet('a', () => 1, bad)).rejects.toMatchObject({ code: 'ERR_CACHE_TAG' })
    const loading = cache.getOrSet('b', ({ setTags }) => {
      setTags([''])
      return 1
    })
    await expect(loading).rejects.toMatchObject({ code: 'ERR_CACHE_TAG' })
    trace.events.length = 0
    expect(await cache.getOrSet('a', () => 2, { tags: () => ['t'] })).toBe(2)
    expect(trace.types()).toEqual(['miss', 'load', 'commit'])
  })

  it('and named may together be 64, not more', async () => {
    const { cache } = open()
    const named = Array.from({ length: 40 }, (_, index) => `named:${index}`)
    const more = Array.from({ length: 24 }, (_, index) => `more:${index}`)
    await cache.getOrSet('a', ({ setTags }) => setTags([...more, 'named:0']), { tags: named })
    expect(await cache.has('a', { tags: [...named, ...more] })).toBe(true)
    const tooMany = cache.getOrSet('b', ({ setTags }) => setTags([...more, 'one more']), { tags: named })
    await expect(tooMany).rejects.toMatchObject({
      code: 'ERR_CACHE_TAG',
      message: expect.stringContaining('has 65'),
    })
  })
})
