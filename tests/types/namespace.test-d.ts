import type { Cache } from '@lookaside/core'
import { expectTypeOf, it } from 'vitest'
import { z } from 'zod'

interface User {
  readonly id: number
  readonly name: string
}

declare const cache: Cache
declare const user: User
declare const findUser: (id: number) => Promise<User | undefined>

const users = cache.namespace<User>('users')
const perhaps = cache.namespace<User | undefined>('perhaps')
const checked = cache.namespace('checked', {
  schema: z.object({ id: z.string().transform(Number) }),
  ttl: '5m',
})

it('gives the values of a namespace their type', async () => {
  expectTypeOf(users).toEqualTypeOf<Cache<User>>()
  expectTypeOf(users.get('a')).toEqualTypeOf<Promise<User | undefined>>()
  expectTypeOf(users.peek('a')).toEqualTypeOf<User | undefined>()
  expectTypeOf(users.getMany(['a'])).toEqualTypeOf<Promise<Map<string, User>>>()
  expectTypeOf(users.getOrSet('a', () => user)).toEqualTypeOf<Promise<User>>()
  expectTypeOf(users.getOrSet('a', async () => ({ id: 1, name: 'Ada', admin: true }))).toEqualTypeOf<
    Promise<User>
  >()
  const found = await users.lookup('a')
  if (found.state !== 'miss') expectTypeOf(found.value).toEqualTypeOf<User>()
})

it('keeps undefined where the type has it', () => {
  expectTypeOf(perhaps.getOrSet('a', () => findUser(1))).toEqualTypeOf<Promise<User | undefined>>()
})

it('gives them the output of its schema', () => {
  expectTypeOf(checked).toEqualTypeOf<Cache<{ id: number }, { id: string }>>()
  expectTypeOf(checked.getOrSet('a', () => ({ id: '1' }))).toEqualTypeOf<Promise<{ id: number }>>()
  expectTypeOf(checked.get('a')).toEqualTypeOf<Promise<{ id: number } | undefined>>()
})

it('hands its type on to nested namespaces, which may narrow it', () => {
  expectTypeOf(users.namespace('eu')).toEqualTypeOf<Cache<User>>()
  expectTypeOf(users.namespace<User & { admin: true }>('admins').get('a')).toEqualTypeOf<
    Promise<(User & { admin: true }) | undefined>
  >()
  expectTypeOf(cache.namespace('any')).toEqualTypeOf<Cache<unknown>>()
})

it('refuses values of another type', () => {
  // @ts-expect-error a user has a name
  void users.set('a', { id: 1 })
  // @ts-expect-error the loader returns no user
  void users.getOrSet('a', () => 'Ada')
  // @ts-expect-error undefined is no user
  void users.getOrSet('a', () => findUser(1))
  // @ts-expect-error a user has a name
  void users.setMany([['a', { id: 1 }]])
  // @ts-expect-error a nested namespace can't widen the type
  users.namespace<string>('names')
  // @ts-expect-error the function returns no user
  users.wrap(() => 'Ada', { key: 'user' })
  // @ts-expect-error a prefix belongs to the cache
  cache.namespace('users', { prefix: 'x' })
})
