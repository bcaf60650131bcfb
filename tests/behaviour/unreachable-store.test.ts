import { createCache, type RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { eventTrace } from '@lookaside/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { remoteBackends } from '../backends.js'

// Nobody listens on port 1.
const unreachable: { name: string; open: () => RemoteStore }[] = [
  { name: 'redis', open: () => redisStore('redis://:secret@127.0.0.1:1') },
  { name: 'memcached', open: () => memcachedStore('memcached://127.0.0.1:1') },
]

describe.each(unreachable)('An unreachable $name', ({ open }) => {
  function opened() {
    const cache = createCache({ store: open() })
    onTestFinished(() => cache.close())
    return { cache, trace: eventTrace(cache) }
  }

  it('makes ready reject, without showing a password', async () => {
    const { cache } = opened()
    const error = await cache.ready().catch((error: Error) => error)
    expect(error).toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    })
    expect(String((error as Error).message)).not.toContain('secret')
  })

  it('makes ready reject within its timeout', async () => {
    const { cache } = opened()
    const began = performance.now()
    await expect(cache.ready({ timeout: 100 })).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  it('costs calls little and breaks none of them', async () => {
    const { cache, trace } = opened()
    const began = performance.now()
    expect(await cache.getOrSet('a', () => 'loaded')).toBe('loaded')
    expect(await cache.getOrSet('a', () => 'loaded again')).toBe('loaded again')
    expect(await cache.set('a', 1)).toBe(false)
    expect(await cache.delete('a')).toBe(false)
    expect(await cache.getMany(['a', 'b'])).toEqual(new Map())
    expect(performance.now() - began).toBeLessThan(2_000)
    expect(trace.types()).toContain('store-error')
    expect(cache.stats()).toMatchObject({ loads: 2, commits: 0 })
  })
})

describe.each(remoteBackends)('A reachable $name', backend => {
  it('makes ready resolve', async () => {
    const cache = createCache({ store: backend.openStore() })
    onTestFinished(() => cache.close())
    expect(await cache.ready({ timeout: '5s' })).toBeUndefined()
  })
})
