import { createCache } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it } from 'vitest'
import { backends, openCache } from '../backends.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('Settings of namespaces on $name', backend => {
  it('take precedence over the defaults that code gives, and over those of the cache', async () => {
    const namespaces = { users: { ttl: 300 }, orders: { grace: 20 } }
    const { cache, clock } = observedCache(backend, { ttl: 100, grace: 10, namespaces })
    const now = clock.now()
    const views = {
      users: cache.namespace('users', { ttl: 200 }),
      orders: cache.namespace('orders', { ttl: 200 }),
      others: cache.namespace('others', { ttl: 200 }),
    }
    for (const view of Object.values(views)) await view.set('a', 1)
    expect(await views.users.lookup('a')).toMatchObject({ staleAt: now + 300, deleteAt: now + 310 })
    expect(await views.orders.lookup('a')).toMatchObject({ staleAt: now + 200, deleteAt: now + 220 })
    expect(await views.others.lookup('a')).toMatchObject({ staleAt: now + 200, deleteAt: now + 210 })
  })

  it('yield to those of a call', async () => {
    const { cache, clock } = observedCache(backend, { namespaces: { users: { ttl: 300 } } })
    const users = cache.namespace('users')
    await users.set('a', 1, { ttl: 50 })
    expect(await users.lookup('a')).toMatchObject({ staleAt: clock.now() + 50 })
  })

  it('nest, and are inherited by what is within', async () => {
    const namespaces = { shop: { ttl: 300, namespaces: { users: { grace: 30 } } }, users: { ttl: 1 } }
    const { cache, clock } = observedCache(backend, { namespaces })
    const now = clock.now()
    const users = cache.namespace('shop').namespace('users')
    const carts = cache.namespace('shop').namespace('carts')
    await users.set('a', 1)
    await carts.set('a', 1)
    expect(await users.lookup('a')).toMatchObject({ staleAt: now + 300, deleteAt: now + 330 })
    expect(await carts.lookup('a')).toMatchObject({ staleAt: now + 300, deleteAt: now + 300 })
  })
})

describe('Settings of namespaces', () => {
  const opened = (namespaces: unknown) => () =>
    createCache({ store: lruStore(), namespaces: namespaces as never })

  it('are checked before any is opened, at any depth', () => {
    expect(opened({ users: { ttl: 'x' } })).toThrow(/^ttl must be milliseconds .* received 'x'$/)
    expect(opened({ users: { namespaces: { archive: { tll: 5 } } } })).toThrow(
      "unknown option 'tll' of the namespace 'archive'; did you mean 'ttl'?",
    )
    expect(opened({ users: 5 })).toThrow("the namespace 'users' takes its options as an object; received 5")
    expect(opened([])).toThrow('namespaces takes its options as an object; received []')
    expect(opened({ 'a b': {} })).toThrow(
      "a namespace must be a non-empty string of letters, digits, '_', '.' and '-'; received 'a b'",
    )
  })

  it('may hold options of the guard', async () => {
    const namespaces = { users: { softTimeout: '10ms' as const, beta: 0 } }
    const cache = openCache(backends[0] as (typeof backends)[0], { guard: stampedeGuard(), namespaces })
    expect(await cache.namespace('users').getOrSet('a', () => 1)).toBe(1)
    expect(opened({ users: { softTimeout: 5 } })).toThrow(
      "unknown option 'softTimeout' of the namespace 'users'",
    )
  })

  it('are not found by names that every object has', async () => {
    const cache = openCache(backends[0] as (typeof backends)[0], { namespaces: {} })
    expect(await cache.namespace('constructor').getOrSet('a', () => 1)).toBe(1)
  })
})
