import type { Cache, LoadContext, LoadManyContext } from '@lookaside/core'
import { expectTypeOf, it } from 'vitest'
import { z } from 'zod'

interface User {
  readonly id: number
  readonly name: string
}

declare const cache: Cache
declare const findUsers: (ids: readonly number[]) => Promise<User[]>
declare const usersById: (ids: readonly number[]) => Promise<Map<number, User>>
declare const usersOrErrors: (ids: readonly number[]) => Promise<(User | Error)[]>
declare const namesOf: (ids: readonly number[]) => string[]

const users = cache.namespace<User>('users')
const key = (id: number) => `user:${id}`
const ids = [1, 2]

it('gives the values of an array', () => {
  expectTypeOf(cache.getOrSetMany(ids, { key, load: findUsers })).toEqualTypeOf<Promise<User[]>>()
  expectTypeOf(cache.getOrSetMany(ids, { key, load: namesOf })).toEqualTypeOf<Promise<string[]>>()
})

it('gives undefined for what a Map may lack', () => {
  expectTypeOf(cache.getOrSetMany(ids, { key, load: usersById })).toEqualTypeOf<
    Promise<(User | undefined)[]>
  >()
  expectTypeOf(
    cache.getOrSetMany(ids, { key, load: missing => new Map(missing.map(id => [id, `user ${id}`])) }),
  ).toEqualTypeOf<Promise<(string | undefined)[]>>()
})

it('gives errors where they are to be returned', () => {
  expectTypeOf(cache.getOrSetMany(ids, { key, load: findUsers, onError: 'return' })).toEqualTypeOf<
    Promise<(User | Error)[]>
  >()
  expectTypeOf(cache.getOrSetMany(ids, { key, load: usersById, onError: 'return' })).toEqualTypeOf<
    Promise<(User | undefined | Error)[]>
  >()
})

it('lets the loader put errors in the place of values', () => {
  expectTypeOf(cache.getOrSetMany(ids, { key, load: usersOrErrors })).toEqualTypeOf<Promise<User[]>>()
})

it('infers the item for every function', () => {
  void cache.getOrSetMany(new Set([{ id: 1 }]), {
    key(item) {
      expectTypeOf(item).toEqualTypeOf<{ id: number }>()
      return `user:${item.id}`
    },
    load(items, context) {
      expectTypeOf(items).toEqualTypeOf<readonly { id: number }[]>()
      expectTypeOf(context).toEqualTypeOf<LoadManyContext>()
      expectTypeOf(context.each).toEqualTypeOf<readonly LoadContext[]>()
      return items.map(({ id }) => ({ id, name: `user ${id}` }))
    },
    ttl(user: User, item) {
      expectTypeOf(item).toEqualTypeOf<{ id: number }>()
      return user.id
    },
    tags: (user: User, item) => [user.name, `user:${item.id}`],
  })
})

it('keeps to the type of its namespace', () => {
  expectTypeOf(users.getOrSetMany(ids, { key, load: findUsers })).toEqualTypeOf<Promise<User[]>>()
  expectTypeOf(users.getOrSetMany(ids, { key, load: usersById })).toEqualTypeOf<
    Promise<(User | undefined)[]>
  >()
  // @ts-expect-error names are no users
  void users.getOrSetMany(ids, { key, load: namesOf })
})

it('gives the output of the schema of its namespace', () => {
  const checked = cache.namespace('checked', { schema: z.string().transform(Number) })
  expectTypeOf(checked.getOrSetMany(ids, { key, load: namesOf })).toEqualTypeOf<Promise<number[]>>()
})

it('refuses what is used wrongly', () => {
  // @ts-expect-error a key is needed
  void cache.getOrSetMany(ids, { load: findUsers })
  // @ts-expect-error a loader is needed
  void cache.getOrSetMany(ids, { key })
  // @ts-expect-error the items are numbers
  void cache.getOrSetMany(['1'], { key, load: findUsers })
  // @ts-expect-error one value is not many
  void cache.getOrSetMany(ids, { key, load: () => 'all of them' })
  // @ts-expect-error a key is a string
  void cache.getOrSetMany(ids, { key: id => id, load: findUsers })
  // @ts-expect-error errors are rejected with or returned
  void cache.getOrSetMany(ids, { key, load: findUsers, onError: 'ignore' })
})
