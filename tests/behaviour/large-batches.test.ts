import { type Cache, createCache } from '@lookaside/core'
import { eventTrace } from '@lookaside/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { memcached, newPrefix, redis } from '../backends.js'

const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`)
const text = 'x'.repeat(1_024)

describe.each([redis, memcached])('Large batches on $name, with default settings', backend => {
  const opened: Cache[] = []
  afterEach(() => Promise.all(opened.splice(0).map(cache => cache.close())))

  async function defaultCache() {
    const cache = createCache({ store: backend.openStore(), prefix: newPrefix() })
    opened.push(cache)
    await cache.ready({ timeout: '10s' })
    return { cache, trace: eventTrace(cache) }
  }

  it('are written, read and deleted completely', async () => {
    const { cache, trace } = await defaultCache()
    const keys = keysOf(8_000)
    expect(await cache.setMany(keys.map(key => [key, `${key} ${text}`]))).toBe(true)
    const found = await cache.getMany<string>(keys)
    expect(found.size).toBe(keys.length)
    expect([...found].every(([key, value]) => value === `${key} ${text}`)).toBe(true)
    expect(await cache.deleteMany(keysOf(20_000))).toBe(true)
    expect(await cache.getMany(keys)).toEqual(new Map())
    expect(trace.types()).not.toContain('breaker')
    expect(cache.stats().storeErrors).toBe(0)
  })

  it('are loaded by as many callers at once, who then all hit', async () => {
    const { cache, trace } = await defaultCache()
    const keys = keysOf(8_000)
    const load = vi.fn(({ key }: { key: string }) => `${key} ${text}`)
    const ask = () => Promise.all(keys.map(key => cache.getOrSet(key, load)))
    const expected = keys.map(key => `${key} ${text}`)
    expect(await ask()).toEqual(expected)
    expect(load).toHaveBeenCalledTimes(keys.length)
    expect(trace.types()).not.toContain('breaker')
    const stored = cache.stats().commits
    expect(await ask()).toEqual(expected)
    expect(load).toHaveBeenCalledTimes(2 * keys.length - stored)
    expect(stored).toBe(keys.length)
  })
})
