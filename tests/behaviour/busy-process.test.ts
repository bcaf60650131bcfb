import { type Cache, createCache } from '@lookaside/core'
import { eventTrace } from '@lookaside/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { memcached, newPrefix, redis } from '../backends.js'
import { settled } from './settled.js'

const turn = () => new Promise<void>(resolve => setImmediate(resolve))
const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)

/** Longer than a store call may take by default. */
const BUSY_FOR = 300

/** Does not let the event loop turn. */
function blockEventLoop(): void {
  const end = performance.now() + BUSY_FOR
  while (performance.now() < end);
}

describe.each([redis, memcached])('A process that is busy while $name answers', backend => {
  const opened: Cache[] = []
  afterEach(() => Promise.all(opened.splice(0).map(cache => cache.close())))

  /** A cache with the default deadline, which one failure would cut off. */
  async function warmCache() {
    const cache = createCache({
      store: backend.openStore(),
      prefix: newPrefix(),
      breaker: { failures: 1 },
    })
    opened.push(cache)
    await cache.ready({ timeout: '10s' })
    await cache.setMany(keys.map(key => [key, `value of ${key}`]))
    return { cache, trace: eventTrace(cache) }
  }

  it.each([
    ['a read', (cache: Cache) => cache.get('k0'), 'value of k0'],
    ['a call that loads', (cache: Cache) => cache.getOrSet('k1', () => 'loaded'), 'value of k1'],
    ['a multi-get', async (cache: Cache) => (await cache.getMany(keys)).size, keys.length],
    ['a delete', (cache: Cache) => cache.delete('k2'), true],
  ] as const)('finds the answer to %s that waits in the socket', async (_, call, answer) => {
    const { cache, trace } = await warmCache()
    for (let round = 0; round < 2; round++) {
      const promise = call(cache)
      const done = settled(promise)
      // The request goes out; its answer is not read before the loop turns again.
      await turn()
      const waited = !done()
      blockEventLoop()
      expect(await promise).toEqual(answer)
      if (waited) break
    }
    expect(trace.types()).not.toContain('store-error')
    expect(trace.types()).not.toContain('breaker')
    expect(cache.stats().storeErrors).toBe(0)
  })
})
