import type { CacheEvent } from '@lookaside/core'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { backends } from '../backends.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('Events on $name', backend => {
  it('say just this, each of them', async () => {
    const { cache, clock, trace } = observedCache(backend, { ttl: 1_000, grace: 1_000 })
    const error = new Error('the database is down')
    await cache.getOrSet('a', () => clock.advance(5))
    await cache.getOrSet('a', () => 1)
    await cache.set('a', 2)
    await clock.advance(1_000)
    await cache.getOrSet('a', () => Promise.reject(error))
    await cache.getOrSet('a', context => context.noStore())
    await cache.delete('a')
    await cache.expire('b')
    expect(trace.events).toStrictEqual([
      { type: 'miss', key: 'a', stale: false },
      { type: 'load', key: 'a', reason: 'miss', duration: 5 },
      { type: 'commit', key: 'a' },
      { type: 'hit', key: 'a', tier: backend.kind, stale: false },
      { type: 'set', key: 'a' },
      { type: 'miss', key: 'a', stale: true },
      { type: 'load-error', key: 'a', reason: 'stale', error },
      { type: 'hit', key: 'a', tier: backend.kind, stale: true },
      { type: 'miss', key: 'a', stale: true },
      { type: 'load', key: 'a', reason: 'stale', duration: 0 },
      { type: 'not-stored', key: 'a', reason: 'no-store' },
      { type: 'invalidate', kind: 'delete', key: 'a', delivered: true },
      { type: 'invalidate', kind: 'expire', key: 'b', delivered: true },
    ])
  })

  it('are frozen: a listener can not change what the next one sees', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.getOrSet('a', () => 1)
    await cache.get('a')
    await cache.delete('a')
    expect(trace.events.length).toBeGreaterThan(4)
    for (const event of trace.events) expect(Object.isFrozen(event)).toBe(true)
  })

  it('reach every listener, in the order in which they were added', async () => {
    const { cache } = observedCache(backend)
    const heard: string[] = []
    cache.on(({ type }) => heard.push(`first ${type}`))
    cache.on(({ type }) => heard.push(`second ${type}`))
    await cache.set('a', 1)
    expect(heard).toEqual(['first set', 'second set'])
  })

  it('no longer reach a listener that has unsubscribed', async () => {
    const { cache } = observedCache(backend)
    const listener = vi.fn()
    const off = cache.on(listener)
    await cache.set('a', 1)
    off()
    off()
    await cache.set('a', 1)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  it('reach a listener that was added twice twice, and once after one of the two has gone', async () => {
    const { cache } = observedCache(backend)
    const listener = vi.fn()
    const off = cache.on(listener)
    cache.on(listener)
    await cache.set('a', 1)
    expect(listener).toHaveBeenCalledTimes(2)
    off()
    await cache.set('a', 1)
    expect(listener).toHaveBeenCalledTimes(3)
  })

  it('can not break a caller by a listener that throws: it becomes a process warning', async () => {
    const { cache } = observedCache(backend)
    const heard: CacheEvent['type'][] = []
    const off = cache.on(() => {
      throw new Error('a bug in a listener')
    })
    cache.on(({ type }) => heard.push(type))
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => warn.mockRestore())
    expect(await cache.getOrSet('a', () => 1)).toBe(1)
    off()
    expect(await cache.getOrSet('a', () => 2)).toBe(1)
    expect(heard).toEqual(['miss', 'load', 'commit', 'hit'])
    expect(warn).toHaveBeenCalledTimes(3)
    expect(warn.mock.calls[0]?.[0]).toContain('a listener of cache.on() threw: Error: a bug in a listener')
  })

  it('can not break the process by an asynchronous listener that rejects: it becomes a warning', async () => {
    const { cache } = observedCache(backend)
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => {
      process.off('unhandledRejection', unhandled)
      warn.mockRestore()
    })
    cache.on(async ({ type }) => {
      await undefined
      throw new Error(`a bug in a listener for ${type}`)
    })
    await cache.set('a', 1)
    await new Promise(resolve => setImmediate(resolve))
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0]?.[0]).toContain(
      'a listener of cache.on() threw: Error: a bug in a listener for set',
    )
    expect(unhandled).not.toHaveBeenCalled()
  })

  it('are the same from every namespace', async () => {
    const { cache, trace } = observedCache(backend)
    const heard: CacheEvent[] = []
    cache.namespace('a').on(event => heard.push(event))
    await cache.namespace('b').set('k', 1)
    expect(heard).toEqual(trace.events)
    expect(heard).toHaveLength(1)
  })
})
