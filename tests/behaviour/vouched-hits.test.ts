import { createCache, type EntryMeta, type Guard } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { earlyRefresh, stampedeGuard } from '@lookaside/stampede-guard'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'

// What a hit in memory has found out of an entry is remembered with it, as an instant until which nothing else is
// asked. Each of these would serve what it must not, or ask too often, if that instant were wrong.

const load = () => 'loaded'

/** A guard that counts how often it is asked, and wants nothing refreshed before an instant. */
function countingGuard(refreshesFrom?: Guard['refreshesFrom']) {
  const asked = vi.fn((_: EntryMeta) => false)
  const guard: Guard = {
    name: 'counting',
    run: (flight, next) => next(flight),
    shouldRefresh: asked,
    ...(refreshesFrom !== undefined && { refreshesFrom }),
  }
  return { guard, asked }
}

function openOver(clock: ManualClock, options: Partial<Parameters<typeof createCache>[0]> = {}) {
  return createCache({ store: lruStore(), clock, ttl: 10_000, ...options })
}

describe('A hit of an entry that was served before', () => {
  it.each([1, 999, 1_000, 10_000, 40 * 86_400_000])(
    'is one until the very millisecond of its expiry, with a ttl of %d ms',
    async ttl => {
      const clock = new ManualClock()
      const cache = openOver(clock, { ttl })
      await cache.set('k', 'value')
      expect([cache.peek('k'), await cache.getOrSet('k', load)]).toEqual(['value', 'value'])
      await clock.advance(ttl - 1)
      expect([cache.peek('k'), await cache.getOrSet('k', load)]).toEqual(['value', 'value'])
      await clock.advance(1)
      expect(cache.peek('k')).toBeUndefined()
      expect(await cache.getOrSet('k', load)).toBe('loaded')
    },
  )

  it('is none any more where the wall clock jumps past its expiry, and is one again where it is turned back', async () => {
    const clock = new ManualClock()
    const cache = openOver(clock)
    await cache.set('k', 'value')
    await cache.getOrSet('k', load)
    const before = clock.now()
    clock.set(before + 10_000)
    expect(cache.peek('k')).toBeUndefined()
    clock.set(before)
    expect(cache.peek('k')).toBe('value')
  })

  it.each([
    ['delete', (cache: ReturnType<typeof openOver>) => cache.delete('k')],
    ['expire', (cache: ReturnType<typeof openOver>) => cache.expire('k')],
    ['deleteTags', (cache: ReturnType<typeof openOver>) => cache.deleteTags(['t'])],
    ['expireTags', (cache: ReturnType<typeof openOver>) => cache.expireTags(['t'])],
    ['clear', (cache: ReturnType<typeof openOver>) => cache.clear()],
  ] as const)('is none after %s', async (_, invalidate) => {
    const cache = openOver(new ManualClock(), { grace: 1_000 })
    const options = { tags: ['t'] }
    await cache.getOrSet('k', () => 'value', options)
    for (const given of [undefined, options]) expect(await cache.getOrSet('k', load, given)).toBe('value')
    expect(cache.peek('k')).toBe('value')
    await invalidate(cache)
    expect(cache.peek('k')).toBeUndefined()
    expect(await cache.getOrSet('k', load, options)).toBe('loaded')
  })

  it('is still one after another tag was invalidated', async () => {
    const cache = openOver(new ManualClock())
    await cache.getOrSet('k', () => 'value', { tags: ['t'] })
    await cache.getOrSet('k', load)
    await cache.deleteTags(['other'])
    expect([cache.peek('k'), await cache.getOrSet('k', load)]).toEqual(['value', 'value'])
  })

  it('is none for a call that names a tag which the entry has not, asks for a refresh, or for another shape', async () => {
    const calls = [{ tags: ['u'] }, { refresh: true }, { version: 1 }, { schema: z.number() }]
    for (const options of calls) {
      const cache = openOver(new ManualClock())
      await cache.getOrSet('k', () => 'value', { tags: ['t'] })
      await cache.getOrSet('k', load)
      expect(await cache.getOrSet('k', () => 7, options)).toBe(7)
    }
  })

  it('is still one for what is no options at all, which only a miss refuses', async () => {
    const cache = openOver(new ManualClock(), { guard: stampedeGuard() })
    await cache.set('k', 'value')
    for (const bad of [null, 'text', 7, Symbol('bad')]) {
      for (let turn = 0; turn < 2; turn++) expect(await cache.getOrSet('k', load, bad as never)).toBe('value')
      await expect(cache.getOrSet('absent', load, bad as never)).rejects.toMatchObject({
        code: 'ERR_CACHE_OPTION',
      })
    }
  })

  it('is judged anew by a namespace of the same keys that is set otherwise', async () => {
    const cache = openOver(new ManualClock())
    await cache.namespace('n').set('k', 'value')
    expect(await cache.namespace('n').getOrSet('k', load)).toBe('value')
    expect(await cache.namespace('n', { version: 2 }).getOrSet('k', load)).toBe('loaded')
  })
})

describe('A guard that refreshes early', () => {
  it('is asked at every hit where it does not say from when on', async () => {
    const { guard, asked } = countingGuard()
    const cache = openOver(new ManualClock(), { guard })
    await cache.set('k', 'value')
    for (let turn = 0; turn < 3; turn++) await cache.getOrSet('k', load)
    expect(asked).toHaveBeenCalledTimes(3)
  })

  it('is asked once, and again from the instant on that it names', async () => {
    const clock = new ManualClock()
    const { guard, asked } = countingGuard(entry => entry.staleAt - 4_000)
    const cache = openOver(clock, { guard })
    await cache.set('k', 'value')
    for (let turn = 0; turn < 3; turn++) await cache.getOrSet('k', load)
    expect(asked).toHaveBeenCalledTimes(1)
    await clock.advance(6_000)
    for (let turn = 0; turn < 3; turn++) await cache.getOrSet('k', load)
    expect(asked).toHaveBeenCalledTimes(4)
  })

  it('is asked at every hit where naming the instant throws or gives no number', async () => {
    const bad = [
      () => {
        throw new Error('no idea')
      },
      () => Number.NaN,
    ]
    for (const refreshesFrom of bad) {
      const { guard, asked } = countingGuard(refreshesFrom)
      const cache = openOver(new ManualClock(), { guard })
      await cache.set('k', 'value')
      for (let turn = 0; turn < 3; turn++) await cache.getOrSet('k', load)
      expect(asked).toHaveBeenCalledTimes(3)
    }
  })

  it('is asked by a call with an option of its own, however many hits came before', async () => {
    const clock = new ManualClock({ random: () => 0.9 })
    const cache = openOver(clock, { guard: stampedeGuard() })
    const loading = cache.getOrSet('k', () => clock.sleep(100).then(() => 'value'))
    await clock.advance(100)
    await loading
    for (let turn = 0; turn < 3; turn++) await cache.getOrSet('k', load)
    await cache.getOrSet('k', load, { beta: 1_000 })
    await clock.advance(0)
    expect(cache.peek('k')).toBe('loaded')
  })

  it('never wants a refresh before the instant that it names, whatever is drawn, and may from then on', () => {
    const { shouldRefresh, refreshesFrom } = earlyRefresh({ beta: 2 })
    const entry: EntryMeta = {
      createdAt: 0,
      loadTime: 40,
      staleAt: 100_000,
      deleteAt: 100_000,
      schemaVersion: 0,
    }
    const settings = { get: () => undefined }
    const from = refreshesFrom?.(entry, settings) as number
    const largest = 1 - 2 ** -53
    expect(shouldRefresh?.(entry, from - 1, () => largest, settings)).toBe(false)
    expect(shouldRefresh?.(entry, from + 1, () => largest, settings)).toBe(true)
  })
})
