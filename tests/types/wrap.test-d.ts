import type { Cache, Wrapped } from '@lookaside/core'
import { expectTypeOf, it } from 'vitest'
import { z } from 'zod'

interface User {
  readonly id: number
}

declare const cache: Cache
declare const find: (id: number, locale?: string) => Promise<User | null>

const cached = cache.wrap(find, { key: 'user', ttl: value => (value === null ? '1s' : '5m') })

it('keeps the parameters and the result of the function', () => {
  expectTypeOf(cached).toEqualTypeOf<Wrapped<typeof find, User | null>>()
  expectTypeOf(cached).parameters.toEqualTypeOf<Parameters<typeof find>>()
  expectTypeOf(cached(1)).toEqualTypeOf<Promise<User | null>>()
  expectTypeOf(cached.refresh(1, 'de')).toEqualTypeOf<Promise<User | null>>()
  expectTypeOf(cached.delete(1)).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(cached.expire(1)).toEqualTypeOf<Promise<boolean>>()
  expectTypeOf(cached.key(1, 'de')).toBeString()
  expectTypeOf(cached.original(1)).toExtend<User | null | PromiseLike<User | null>>()
})

it('makes a promise of the result of a synchronous function', () => {
  expectTypeOf(cache.wrap((n: number) => n * 2, { key: 'double' })(2)).toEqualTypeOf<Promise<number>>()
})

it('hands the parameters to a key function', () => {
  cache.wrap(find, {
    key: (id, locale) => {
      expectTypeOf(id).toBeNumber()
      expectTypeOf(locale).toEqualTypeOf<string | undefined>()
      return `${id}:${locale}`
    },
  })
})

it('hands the result and the parameters to a tags function', () => {
  const tagged = cache.wrap(find, {
    key: 'user',
    tags: (value, id, locale) => {
      expectTypeOf(value).toEqualTypeOf<User | null>()
      expectTypeOf(id).toBeNumber()
      expectTypeOf(locale).toEqualTypeOf<string | undefined>()
      return [`user:${id}`]
    },
  })
  expectTypeOf(tagged(1)).toEqualTypeOf<Promise<User | null>>()
})

it('refuses what is used wrongly', () => {
  // @ts-expect-error the id is a number
  void cached('1')
  // @ts-expect-error the id is missing
  void cached.delete()
  // @ts-expect-error a key is needed
  cache.wrap(find, { ttl: 5 })
  // @ts-expect-error a key function returns a string
  cache.wrap(find, { key: id => id })
  // @ts-expect-error there is refresh() for that
  cache.wrap(find, { key: 'user', refresh: true })
})

it('takes a key function of fewer or of all parameters, and what may be left out may be left out', () => {
  const added = cache.wrap((a: number, b?: string) => `${a}${b}`, { key: (a, b) => `${a}:${b}` })
  expectTypeOf(added(1)).toEqualTypeOf<Promise<string>>()
})

it('gives the output of its schema', () => {
  const schema = z.string().transform(Number)
  const parsed = cache.wrap((id: number) => `${id}`, { key: 'parsed', schema })
  expectTypeOf(parsed(1)).toEqualTypeOf<Promise<number>>()
  expectTypeOf(parsed.original(1)).toEqualTypeOf<string>()
})
