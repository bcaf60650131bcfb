import { randomUUID } from 'node:crypto'
import type { Cache } from '@lookaside/core'
import { eventTrace, ManualClock, memoryRemoteServer } from '@lookaside/testing'
import { Redis } from 'ioredis'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { memory, openCache, redis } from '../backends.js'
import { observedCache } from './observed-cache.js'
import { plainClients } from './plain-clients.js'

describe.each(plainClients())('The raw codec on $backend.name', ({ backend, openStore, ...plain }) => {
  /** A cache that keeps strings under the very keys it is given, and one such key. */
  function opened() {
    const cache = openCache(backend, { store: openStore(), prefix: '', codec: 'raw' })
    const key = `raw-${randomUUID()}`
    onTestFinished(() => plain.delete(key))
    const read = async () => (await plain.read(key))?.toString() ?? null
    const write = (text: string) => plain.write(key, Buffer.from(text))
    return { cache, key, read, write }
  }

  it('writes what any other client reads, under the very key', async () => {
    const { cache, key, read } = opened()
    await cache.getOrSet(key, () => 'grüß dich')
    expect(await read()).toBe('grüß dich')
  })

  it('reads what any other client wrote', async () => {
    const { cache, key, write } = opened()
    await write('{"by":"python"}')
    const load = vi.fn(() => 'loaded')
    expect(await cache.getOrSet(key, load)).toBe('{"by":"python"}')
    expect(await cache.get(key)).toBe('{"by":"python"}')
    expect(load).not.toHaveBeenCalled()
  })

  it('misses what any other client deleted', async () => {
    const { cache, key } = opened()
    await cache.set(key, 'old')
    await plain.delete(key)
    expect(await cache.getOrSet(key, () => 'new')).toBe('new')
  })

  it('leaves no marker for others to see during a load', async () => {
    const { cache, key, read } = opened()
    await cache.getOrSet(key, async () => {
      expect(await read()).toBeNull()
      return 'value'
    })
    expect(await read()).toBe('value')
  })

  it('does not store over what another client wrote during the load', async () => {
    const { cache, key, read, write } = opened()
    const load = async () => {
      await write('theirs')
      return 'ours'
    }
    expect(await cache.getOrSet(key, load)).toBe('ours')
    expect(await read()).toBe('theirs')
    expect(cache.stats().commitsRejected).toBe(1)
  })

  it('misses bytes that are no text, and lets the next load replace them', async () => {
    const { cache, key, read } = opened()
    const trace = eventTrace(cache)
    await plain.write(key, Buffer.from([0xff, 0x00, 0xc3]))
    expect(await cache.get(key)).toBeUndefined()
    expect(trace.lines('reason')).toEqual(['unusable reason=foreign', 'miss'])
    expect(await cache.getOrSet(key, () => 'loaded')).toBe('loaded')
    expect(await read()).toBe('loaded')
  })

  it('expires by deleting: there is no frame that could say stale', async () => {
    const { cache, key, read } = opened()
    await cache.set(key, 'old', { grace: '1h' })
    expect(await cache.expire(key)).toBe(true)
    expect(await read()).toBeNull()
  })

  it('stores neither objects nor bytes nor undefined', async () => {
    const { cache, trace } = observedCache(backend, { codec: 'raw' })
    expect(await cache.getOrSet('a', () => ({ n: 1 }))).toEqual({ n: 1 })
    expect(await cache.getOrSet('b', () => Buffer.from('b'))).toEqual(Buffer.from('b'))
    expect(await cache.getOrSet('c', () => undefined)).toBeUndefined()
    expect(await cache.getMany(['a', 'b', 'c'])).toEqual(new Map())
    const notStored = trace.lines('reason').filter(line => line.startsWith('not-stored'))
    expect(notStored).toEqual(Array(3).fill('not-stored reason=not-encodable'))
  })
})

describe('A raw value, which tells nobody when it is stale,', () => {
  const options = { codec: 'raw', ttl: '1m', grace: '1h', claimTtl: '10s' } as const
  const writes = {
    getOrSet: (cache: Cache) => cache.getOrSet('a', () => 'value'),
    refresh: (cache: Cache) => cache.getOrSet('a', () => 'value', { refresh: true }),
    set: (cache: Cache) => cache.set('a', 'value'),
  }
  const ways = Object.keys(writes) as (keyof typeof writes)[]

  it.each(ways)('is forgotten by the store at the end of its ttl, after %s', async how => {
    const clock = new ManualClock()
    const server = memoryRemoteServer({ clock })
    const { cache } = observedCache(memory, { ...options, clock, store: server.store() })
    await cache.set('a', 'older')
    await writes[how](cache)
    await clock.advance(59_999)
    expect(await cache.lookup('a')).toMatchObject({ state: 'fresh' })
    await clock.advance(1)
    expect(server.keys()).toEqual([])
  })

  it.each(ways)('is given to Redis with just its ttl, by %s', async how => {
    const plain = new Redis(inject('redisUrl'))
    onTestFinished(() => plain.disconnect())
    const cache = openCache(redis, options)
    await writes[how](cache)
    const left = await plain.pttl(`${cache.path}::a`)
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(60_000)
  })
})
