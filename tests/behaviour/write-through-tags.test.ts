import { type Cache, writeThrough } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, backends } from '../backends.js'
import { heldWrite } from '../writing/held-write.js'
import { cutOff } from './cut-off.js'
import { observedCache } from './observed-cache.js'

interface User {
  readonly team: string
}

const red: User = { team: 'red' }
const computed = ({ team }: User) => [`team:${team}`]

describe.each(backends)('writeThrough on $name', (backend: Backend) => {
  it.each<[string, { tags: string[] | ((user: User) => string[]) }, string]>([
    ['named', { tags: ['users'] }, 'users'],
    ['computed', { tags: computed }, 'team:red'],
  ])('gives a value its tags, %s', async (_, options, tag) => {
    const cache = observedCache(backend).cache as Cache<User>
    await writeThrough(cache, 'ada', red, () => {}, options)
    expect(await cache.get('ada')).toEqual(red)
    await cache.deleteTags(['another'])
    expect(await cache.get('ada')).toEqual(red)
    await cache.deleteTags([tag])
    expect(await cache.get('ada')).toBeUndefined()
  })

  it('gives it the tags of its namespace too', async () => {
    const users = observedCache(backend).cache.namespace<User>('users')
    await writeThrough(users, 'ada', red, () => {}, { tags: ['users', 'staff'] })
    expect(await users.get('ada', { tags: ['staff', 'users'] })).toEqual(red)
    expect(await users.get('ada', { tags: ['others'] })).toBeUndefined()
  })

  it.each(['before', 'after'])(
    'stores nothing whose tag was deleted during the write, %s the commit',
    async when => {
      for (const options of [{ tags: ['team:red'] }, { tags: computed }]) {
        const cache = observedCache(backend).cache as Cache<User>
        await writeThrough(cache, 'ada', red, () => {}, options)
        const held = heldWrite<User>({ value: red }, red)
        const writing = writeThrough(cache, 'ada', red, held.write, options)
        await held.begun
        if (when === 'after') held.commit()
        await cache.deleteTags(['team:red'])
        held.finish()
        expect(await writing).toBe('written')
        expect(await cache.get('ada')).toBeUndefined()
        await writeThrough(cache, 'ada', red, () => {}, options)
        expect(await cache.get('ada')).toEqual(red)
      }
    },
  )

  it('is not disturbed by tags of others', async () => {
    const cache = observedCache(backend).cache as Cache<User>
    const options = { tags: computed }
    await writeThrough(cache, 'ada', red, () => {}, options)
    const held = heldWrite<User>({ value: red }, red)
    const writing = writeThrough(cache, 'ada', red, held.write, options)
    await held.begun
    await cache.namespace('other').deleteTags(['team:red'])
    held.finish()
    await writing
    expect(await cache.get('ada')).toEqual(red)
  })

  it('replaces a value whose tag was deleted', async () => {
    const cache = observedCache(backend).cache as Cache<User>
    await cache.set('ada', { team: 'blue' }, { tags: ['users'] })
    await cache.deleteTags(['users'])
    await writeThrough(cache, 'ada', red, () => {}, { tags: ['users'] })
    expect(await cache.get('ada', { tags: ['users'] })).toEqual(red)
  })
})

describe('writeThrough with tags', () => {
  it('reads named ones with the key, and makes those that are missing in one round trip more', async () => {
    const { cache, store } = cutOff()
    await writeThrough(cache, 'a', 'new', () => {}, { tags: ['users'] })
    store.calls.length = 0
    await writeThrough(cache, 'a', 'newer', () => {}, { tags: ['users'] })
    expect(
      store.calls.filter(({ keys }) => keys.some(key => key.endsWith('::a'))).map(({ op }) => op),
    ).toHaveLength(3)
    expect(store.calls.length).toBeLessThanOrEqual(4)
  })

  const failing = () => {
    throw new Error('no team')
  }

  it('that can not be told, or are none, refuses to write', async () => {
    const { cache } = cutOff()
    await cache.set('a', 'old')
    const write = vi.fn()
    await expect(writeThrough(cache, 'a', 'new', write, { tags: failing })).rejects.toThrow('no team')
    const promise = writeThrough(cache, 'a', 'new', write, { tags: () => [''] })
    await expect(promise).rejects.toMatchObject({ code: 'ERR_CACHE_TAG' })
    expect(write).not.toHaveBeenCalled()
    expect(await cache.get('a')).toBe('old')
  })

  it('that can not be told of a value of the write tells its result, and deletes the key', async () => {
    for (const tags of [failing, () => ['']]) {
      const { cache, clock } = cutOff()
      await cache.set('a', 'old')
      const promise = writeThrough(
        cache,
        'a',
        () => 'new',
        () => 7,
        { tags },
      )
      await expect(promise).rejects.toMatchObject({ code: 'ERR_CACHE_INVALIDATION', result: 7 })
      expect(await cache.get('a')).toBeUndefined()
      expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
      expect(await cache.get('a')).toBe('loaded')
      // Nothing keeps the marker alive that is gone.
      expect(clock.pending).toBe(0)
    }
  })

  it('whose tokens the store does not tell deletes the key', async () => {
    const { cache, store, other, clock } = cutOff()
    await cache.set('a', 'old')
    const isToken = (key: string | undefined) => key?.includes('#tag:') === true
    const { add } = store
    store.add = (key, bytes, ttl) => (isToken(key) ? Promise.reject(new Error('lost')) : add(key, bytes, ttl))
    expect(await writeThrough(cache, 'a', 'new', () => 'written', { tags: ['users'] })).toBe('written')
    await clock.advance(1_000)
    expect(await other.get('a')).toBeUndefined()
  })
})
