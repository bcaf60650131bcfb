import type { Cache, LoadContext, StandardSchema } from '@lookaside/core'
import { expectTypeOf, it } from 'vitest'
import { z } from 'zod'

interface User {
  readonly id: number
  readonly name: string
}

declare const cache: Cache
declare const findUser: (id: number) => Promise<User | undefined>
declare const user: User

const userSchema = z.object({ id: z.number(), name: z.string(), admin: z.boolean().default(false) })
declare const byHand: StandardSchema<unknown, Date>

it('infers the value from a loader without its context', () => {
  expectTypeOf(cache.getOrSet('a', () => user)).toEqualTypeOf<Promise<User>>()
  expectTypeOf(cache.getOrSet('a', async () => user)).toEqualTypeOf<Promise<User>>()
  expectTypeOf(cache.getOrSet('a', () => 1, { ttl: '5m' })).toEqualTypeOf<Promise<number>>()
})

it('infers the value from a loader with its context', () => {
  const loaded = cache.getOrSet('a', async context => {
    expectTypeOf(context).toEqualTypeOf<LoadContext>()
    expectTypeOf(context.previous).toBeUnknown()
    return user
  })
  expectTypeOf(loaded).toEqualTypeOf<Promise<User>>()
  const destructured = cache.getOrSet('a', ({ signal, setTtl }) => {
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    setTtl('5s')
    return [1, 2]
  })
  expectTypeOf(destructured).toEqualTypeOf<Promise<number[]>>()
})

it('keeps undefined and null in the type', () => {
  expectTypeOf(cache.getOrSet('a', () => findUser(1))).toEqualTypeOf<Promise<User | undefined>>()
  expectTypeOf(cache.getOrSet('a', (): User | null => null)).toEqualTypeOf<Promise<User | null>>()
  expectTypeOf(cache.getOrSet('a', () => undefined)).toEqualTypeOf<Promise<undefined>>()
  expectTypeOf(cache.getOrSet('a', () => null)).toEqualTypeOf<Promise<null>>()
})

it('hands the loaded value to a ttl function', () => {
  const loaded = cache.getOrSet('a', () => user, {
    ttl: value => {
      expectTypeOf(value).toEqualTypeOf<User>()
      return value.id === 1 ? '1m' : 5_000
    },
  })
  expectTypeOf(loaded).toEqualTypeOf<Promise<User>>()
})

it('hands the loaded value to a tags function', () => {
  const loaded = cache.getOrSet('a', () => user, {
    tags: value => {
      expectTypeOf(value).toEqualTypeOf<User>()
      return ['users', `user:${value.id}`]
    },
  })
  expectTypeOf(loaded).toEqualTypeOf<Promise<User>>()
  const set = cache.getOrSet('a', ({ setTags }) => {
    expectTypeOf(setTags).toEqualTypeOf<(tags: readonly string[]) => void>()
    return user
  })
  expectTypeOf(set).toEqualTypeOf<Promise<User>>()
  expectTypeOf(cache.get<User>('a', { tags: ['users'] })).toEqualTypeOf<Promise<User | undefined>>()
})

it('takes the type of a schema’s output', () => {
  const loaded = cache.getOrSet('a', () => fetch('/user'), { schema: userSchema })
  expectTypeOf(loaded).toEqualTypeOf<Promise<{ id: number; name: string; admin: boolean }>>()
  const dated = cache.getOrSet('a', ({ key }) => key, { schema: byHand, ttl: date => date.getTime() })
  expectTypeOf(dated).toEqualTypeOf<Promise<Date>>()
  expectTypeOf(cache.get('a', { schema: userSchema })).toEqualTypeOf<
    Promise<{ id: number; name: string; admin: boolean } | undefined>
  >()
})

it('leaves the type of what is read to the caller', () => {
  expectTypeOf(cache.get('a')).toEqualTypeOf<Promise<unknown>>()
  expectTypeOf(cache.get<User>('a')).toEqualTypeOf<Promise<User | undefined>>()
  expectTypeOf(cache.peek<User>('a')).toEqualTypeOf<User | undefined>()
  expectTypeOf(cache.getMany<User>(['a'])).toEqualTypeOf<Promise<Map<string, User>>>()
})

it('tells by its state whether lookup has a value', async () => {
  const found = await cache.lookup<User>('a')
  if (found.state === 'miss') {
    // @ts-expect-error a miss has no value
    found.value
  } else {
    expectTypeOf(found.value).toEqualTypeOf<User>()
    expectTypeOf(found.staleAt).toBeNumber()
  }
  expectTypeOf(cache.set('a', user, { ifVersion: found.version })).toEqualTypeOf<Promise<boolean>>()
})

it('refuses what is used wrongly', () => {
  // @ts-expect-error a loader is a function
  void cache.getOrSet('a', user)
  // @ts-expect-error a key is a string
  void cache.getOrSet(1, () => user)
  // @ts-expect-error there is no such option
  void cache.getOrSet('a', () => user, { tll: 5 })
  // @ts-expect-error years are no unit
  void cache.getOrSet('a', () => user, { ttl: '1y' })
  // @ts-expect-error a ttl function returns a duration
  void cache.getOrSet('a', () => user, { ttl: () => 'soon' })
  // @ts-expect-error the ttl of a set is no function
  void cache.set('a', user, { ttl: () => 5 })
  // @ts-expect-error a signal is an AbortSignal
  void cache.getOrSet('a', () => user, { signal: new AbortController() })
  // @ts-expect-error a schema follows Standard Schema
  void cache.getOrSet('a', () => user, { schema: { parse: () => user } })
  // @ts-expect-error a version comes from lookup
  void cache.set('a', user, { ifVersion: 5 })
  // @ts-expect-error keys come in an array
  void cache.getMany('a')
  // @ts-expect-error tags come in an array
  void cache.getOrSet('a', () => user, { tags: 'users' })
  // @ts-expect-error tags are strings
  void cache.getOrSet('a', () => user, { tags: ({ id }) => [id] })
  // @ts-expect-error a read has no value to compute tags from
  void cache.get('a', { tags: () => ['users'] })
  // @ts-expect-error a codec is set by cache or namespace
  void cache.getOrSet('a', () => user, { codec: 'json' })
})
