import type { Cache } from '@lookaside/core'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { cachesFromConfig, cachesFromFile, defineConfig, fromConfig } from '../src/index.js'

// What is wrong here is found by the compiler, which reads the tests too.

describe('defineConfig', () => {
  it('returns what it is given', () => {
    const config = { type: 'lru', maxEntries: 3, ttl: '5m', guard: { backOff: false } } as const
    expect(defineConfig(config)).toBe(config)
  })

  it('takes every form of a config', () => {
    defineConfig({ url: '${CACHE_URL:-memory:}' })
    defineConfig({ url: 'memory:', maxEntries: 5 })
    defineConfig({ type: 'redis', port: '${PORT}', ttl: '${TTL:-5m}', enabled: '${ON:-true}', bus: '${BUS}' })
    defineConfig({
      type: 'lru',
      guard: { limitLoads: { concurrency: '${POOL}' } },
      breaker: { failures: '${N}' },
    })
    defineConfig({ url: 'redis://a', db: 3, namespaces: { a: { ttl: 1, softTimeout: 5 } } })
    defineConfig({ type: 'tiered', local: { type: 'lru' }, remote: 'redis://a', bus: { mode: 'tracking' } })
    defineConfig({
      type: 'migrating',
      to: { url: 'redis://a' },
      from: { type: 'memcached' },
      phase: 'prepare',
    })
    defineConfig({ caches: { a: { type: 'lru' }, b: 'memory:' } })
    defineConfig({ url: 'redis://a', caches: { a: { ttl: 1 }, b: 'memory:' } })
  })

  it('refuses what is misspelled, or belongs to another type', () => {
    // @ts-expect-error there is no such type
    defineConfig({ type: 'redsi' })
    // @ts-expect-error a Redis has no such setting
    defineConfig({ type: 'redis', maxEntries: 3 })
    // @ts-expect-error there is no such setting
    defineConfig({ type: 'lru', tll: '5m' })
    // @ts-expect-error this is no duration
    defineConfig({ type: 'lru', ttl: '5x' })
    // @ts-expect-error this is no variable
    defineConfig({ type: 'lru', enabled: 'true' })
    // @ts-expect-error the guard has no such part
    defineConfig({ type: 'lru', guard: { backof: false } })
    // @ts-expect-error there is no such setting of a cache among several
    defineConfig({ url: 'redis://a', caches: { a: { tll: 1 } } })
    // @ts-expect-error tiers need a remote store
    defineConfig({ type: 'tiered', local: 'memory:' })
  })
})

describe('The types of what is opened', () => {
  const several = defineConfig({ url: 'redis://a', caches: { a: { ttl: 1 }, b: 'memory:' } })

  it('have the names of several caches', () => {
    type Both = Readonly<Record<'a' | 'b', Cache>>
    const given = () => cachesFromConfig({ url: 'redis://a', caches: { a: { ttl: 1 }, b: 'memory:' } })
    const defined = () => cachesFromConfig(several)
    const ofFile = () => cachesFromFile('cache.config.yaml', ['a', 'b'])
    expectTypeOf(given).returns.resolves.toEqualTypeOf<Both>()
    expectTypeOf(defined).returns.resolves.toEqualTypeOf<Both>()
    expectTypeOf(ofFile).returns.resolves.toEqualTypeOf<Both>()
  })

  it('tell one cache from several', () => {
    const one = defineConfig({ type: 'redis', url: 'redis://a' })
    const single = () => fromConfig(one)
    expectTypeOf(single).returns.resolves.toEqualTypeOf<Cache>()
    // @ts-expect-error there are several
    expectTypeOf(fromConfig).toBeCallableWith(several)
    // @ts-expect-error there is one
    expectTypeOf(cachesFromConfig).toBeCallableWith(one)
  })
})
