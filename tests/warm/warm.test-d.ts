import { type Cache, type LoadContext, type WarmProgress, type WarmSummary, warm } from '@lookaside/core'
import { expectTypeOf, it } from 'vitest'
import { z } from 'zod'

interface User {
  readonly id: number
  readonly name: string
}

declare const cache: Cache
declare const ids: AsyncIterable<number>
declare const findUser: (id: number) => Promise<User>

const users = cache.namespace<User>('users')
const key = (id: number) => `user:${id}`

it('infers the items from the source, and the values from the loader', () => {
  const summary = warm(cache, ids, {
    key(id) {
      expectTypeOf(id).toBeNumber()
      return key(id)
    },
    load(id, context) {
      expectTypeOf(id).toBeNumber()
      expectTypeOf(context).toEqualTypeOf<LoadContext>()
      return findUser(id)
    },
    tags(user) {
      expectTypeOf(user).toEqualTypeOf<User>()
      return [user.name]
    },
    ttl: user => user.id,
    onProgress: progress => expectTypeOf(progress).toEqualTypeOf<WarmProgress>(),
    onError(error, id) {
      expectTypeOf(error).toBeUnknown()
      expectTypeOf(id).toBeNumber()
    },
  })
  expectTypeOf(summary).toEqualTypeOf<Promise<WarmSummary>>()
  void warm(cache, new Map([['a', 1]]), { key: ([name]) => name, load: ([, value]) => value })
})

it('holds loaders to the type of a namespace', () => {
  void warm(users, ids, { key, load: findUser })
  // @ts-expect-error the loader returns no user
  void warm(users, ids, { key, load: id => `${id}` })
  // @ts-expect-error undefined is no user
  void warm(users, ids, { key, load: () => undefined })
})

it('knows the output of a schema', () => {
  const schema = z.object({ id: z.string().transform(Number) })
  void warm(cache, ids, { key, load: id => ({ id: `${id}` }), schema, ttl: ({ id }) => id })
  const checked = cache.namespace('checked', { schema })
  void warm(checked, ids, { key, load: id => ({ id: `${id}` }) })
  // @ts-expect-error its input has a string
  void warm(checked, ids, { key, load: id => ({ id }) })
})

it('refuses what is used wrongly', () => {
  // @ts-expect-error there is no key
  void warm(cache, ids, { load: findUser })
  // @ts-expect-error a key is a string
  void warm(cache, ids, { key: id => id, load: findUser })
  // @ts-expect-error the loader takes another item
  void warm(cache, ids, { key, load: (id: string) => id })
  // @ts-expect-error a source can be iterated
  void warm(cache, 5, { key, load: findUser })
  // @ts-expect-error there is no such option
  void warm(cache, ids, { key, load: findUser, concurency: 5 })
})
