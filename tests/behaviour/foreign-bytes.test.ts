import { ManualClock } from '@lookaside/testing'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { redis } from '../backends.js'
import { observedCache } from './observed-cache.js'
import { plainClients } from './plain-clients.js'

/** But for counters, which are read without a frame; memcached ends them in spaces. */
const anyBytes = fc
  .uint8Array({ maxLength: 200 })
  .map(bytes => Buffer.from(bytes))
  .filter(bytes => !/^\d{1,20} *$/.test(bytes.toString('latin1')))

describe.each(plainClients())('Bytes that are no frame on $backend.name', client => {
  const { backend, read, write } = client
  const opened = () => {
    const observed = observedCache(backend, { store: client.openStore() })
    return { ...observed, wire: (key: string) => `${observed.cache.path}::${key}` }
  }

  it('are a miss to every read, whatever they are, and replaced by the next load', async () => {
    const { cache, wire } = opened()
    let key = 0
    await fc.assert(
      fc.asyncProperty(anyBytes, async bytes => {
        const name = `k${key++}`
        await write(wire(name), bytes)
        expect(await cache.get(name)).toBeUndefined()
        expect((await cache.lookup(name)).state).toBe('miss')
        expect(await cache.getOrSet(name, () => 'loaded')).toBe('loaded')
        expect(await cache.get(name)).toBe('loaded')
      }),
      { numRuns: 60 },
    )
  })

  it('may be a frame that was damaged anywhere', async () => {
    const { cache, wire } = opened()
    await cache.set('a', { name: 'Ada', seen: new Date(0) })
    const frame = await read(wire('a'))
    if (frame === null) throw new Error('the frame was stored')
    const damage = fc.tuple(fc.nat(frame.length - 1), fc.integer({ min: 1, max: 255 }))
    await fc.assert(
      fc.asyncProperty(damage, async ([at, mask]) => {
        const damaged = Buffer.from(frame)
        damaged[at] = (damaged[at] as number) ^ mask
        await write(wire('a'), damaged)
        const found = await cache.get('a')
        // Only the random bits and the bit that says expired may change without the value being in doubt.
        if (found !== undefined) expect(found).toEqual({ name: 'Ada', seen: new Date(0) })
        if (found !== undefined) expect(at).toSatisfy((at: number) => at >= 8 && at < 16)
      }),
      { numRuns: 120 },
    )
  })

  it('may be a frame that was cut off, or the frame of another key', async () => {
    const { cache, trace, wire } = opened()
    await cache.set('a', 'x'.repeat(100))
    const frame = await read(wire('a'))
    if (frame === null) throw new Error('the frame was stored')
    for (const length of [0, 1, 2, 10, 27, 40, 61, 62, frame.length - 1]) {
      await write(wire('a'), frame.subarray(0, length))
      expect(await cache.get('a')).toBeUndefined()
    }
    await write(wire('b'), frame)
    trace.events.length = 0
    expect(await cache.get('b')).toBeUndefined()
    expect(trace.lines('key', 'reason')).toEqual(['unusable key=b reason=key', 'miss key=b'])
  })

  it('are deleted and expired like anything else', async () => {
    const { cache, wire } = opened()
    await write(wire('a'), Buffer.from('foreign'))
    await write(wire('b'), Buffer.from('foreign'))
    expect(await cache.delete('a')).toBe(true)
    expect(await cache.expire('b')).toBe(true)
    expect(await read(wire('a'))).toBeNull()
    expect(await read(wire('b'))).toBeNull()
  })
})

describe('A value of another type on redis', () => {
  it('says nothing of the server: the breaker stays closed, and other keys are served', async () => {
    const { cache, trace } = observedCache(redis, { breaker: { failures: 1 } })
    const plain = new Redis(inject('redisUrl'))
    onTestFinished(() => plain.disconnect())
    await plain.rpush(`${cache.path}::list`, 'a')
    await cache.set('text', 'value')
    for (let call = 0; call < 10; call++) {
      expect(await cache.get('list')).toBeUndefined()
      expect(await cache.getOrSet('list', () => 'loaded')).toBe('loaded')
      expect(await cache.get('text')).toBe('value')
    }
    expect(await cache.getMany(['list', 'text'])).toEqual(new Map([['text', 'value']]))
    expect(trace.types()).toContain('store-error')
    expect(trace.types()).not.toContain('breaker')
  })

  it('is a store error and a miss, and the loader still runs', async () => {
    const { cache, trace } = observedCache(redis, { clock: new ManualClock() })
    const wire = `${cache.path}::list`
    const plain = new Redis(inject('redisUrl'))
    onTestFinished(() => plain.disconnect())
    await plain.rpush(wire, 'a')
    expect(await cache.getOrSet('list', () => 'loaded')).toBe('loaded')
    expect(trace.types()).toEqual(['store-error', 'miss', 'load', 'not-stored'])
    expect(await cache.delete('list')).toBe(true)
    expect(await cache.getOrSet('list', () => 'loaded')).toBe('loaded')
    expect(await cache.get('list')).toBe('loaded')
  })
})
