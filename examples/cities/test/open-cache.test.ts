import { randomUUID } from 'node:crypto'
import type { Cache } from '@lookaside/core'
import { afterEach, expect, inject, onTestFinished, test, vi } from 'vitest'
import { openCache } from '../src/open-cache.js'

afterEach(() => {
  vi.unstubAllEnvs()
})

async function opened(url: string | undefined): Promise<Cache> {
  vi.stubEnv('CACHE_URL', url)
  const cache = await openCache({ prefix: `open-${randomUUID()}`, ttl: '5m', storeTimeout: '2s' })
  onTestFinished(() => cache.close())
  return cache
}

/** Asks until a call was answered without I/O. */
async function untilLocal(cache: Cache): Promise<void> {
  await expect
    .poll(
      async () => {
        await cache.getOrSet('key', () => 'value')
        return cache.stats().hits.local
      },
      { timeout: 10_000, interval: 5 },
    )
    .toBeGreaterThan(0)
}

test('before Redis stands a memory of this process', async () => {
  const cache = await opened(` ${inject('redisUrl')} `)
  await untilLocal(cache)
  const { hits, remoteTime } = cache.stats()
  for (let n = 0; n < 10; n++) await cache.getOrSet('key', () => 'value')
  expect(cache.stats().hits.local - hits.local).toBe(10)
  expect(cache.stats().remoteTime.count).toBe(remoteTime.count)
})

test('two of them hear of each other', async () => {
  vi.stubEnv('CACHE_URL', inject('redisUrl'))
  const prefix = `open-${randomUUID()}`
  const [a, b] = [
    await openCache({ prefix, storeTimeout: '2s' }),
    await openCache({ prefix, storeTimeout: '2s' }),
  ]
  onTestFinished(async () => void (await Promise.all([a.close(), b.close()])))
  await untilLocal(b)
  await a.delete('key')
  await expect.poll(() => b.peek('key'), { timeout: 10_000, interval: 1 }).toBeUndefined()
})

test.each([undefined, 'memory:'])('with CACHE_URL %s it is in this process', async url => {
  const cache = await opened(url)
  await cache.getOrSet('key', () => 'value')
  expect(cache.peek('key')).toBe('value')
})

test('a bad CACHE_URL is refused', async () => {
  vi.stubEnv('CACHE_URL', 'mongodb://localhost')
  await expect(openCache({})).rejects.toThrow(/^CACHE_URL: a cache URL has one of the forms/)
})
