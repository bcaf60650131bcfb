import type { CountOptions } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { type Backend, backends, lru, memory } from '../backends.js'
import { observedCache } from './observed-cache.js'

const LARGEST = 2n ** 63n - 1n
const EXACT = Number.MAX_SAFE_INTEGER

describe.each(backends)('increment on $name', backend => {
  it('counts up from 0, by 1 unless it is told another step', async () => {
    const { cache } = observedCache(backend)
    expect(await cache.increment('a')).toBe(1)
    expect(await cache.increment('a')).toBe(2)
    expect(await cache.increment('a', 40)).toBe(42)
    expect(await cache.increment('b', 7)).toBe(7)
    expect(await cache.get('a')).toBe(42)
  })

  it('counts down, and stops at 0', async () => {
    const { cache } = observedCache(backend)
    await cache.increment('a', 1_000)
    expect(await cache.increment('a', -1)).toBe(999)
    expect(await cache.increment('a', -990)).toBe(9)
    expect(await cache.get('a')).toBe(9)
    expect(await cache.increment('a', -10)).toBe(0)
    expect(await cache.increment('a', -1)).toBe(0)
    expect(await cache.increment('a', 3)).toBe(3)
    expect(await cache.increment('new', -1)).toBe(0)
    expect(await cache.get('new')).toBe(0)
  })

  it('adds to the initial count where there is none, and only there', async () => {
    const { cache } = observedCache(backend)
    expect(await cache.increment('a', 1, { initial: 100 })).toBe(101)
    expect(await cache.increment('a', 1, { initial: 100 })).toBe(102)
    expect(await cache.increment('b', -30, { initial: 100n })).toBe(70)
    expect(await cache.increment('c', -130, { initial: 100 })).toBe(0)
    await cache.delete('a')
    expect(await cache.increment('a', 1, { initial: 5 })).toBe(6)
  })

  it('by 0 tells the count, and makes a counter where there is none', async () => {
    const { cache } = observedCache(backend)
    expect(await cache.increment('a', 0, { initial: 7 })).toBe(7)
    expect(await cache.get('a')).toBe(7)
    expect(await cache.increment('a', 0)).toBe(7)
    expect(await cache.increment('a', -0)).toBe(7)
    expect(await cache.increment('b', 0)).toBe(0)
    expect(await cache.has('b')).toBe(true)
  })

  it('gives a bigint for a bigint, whatever is counted', async () => {
    const { cache } = observedCache(backend)
    expect(await cache.increment('a', 1n)).toBe(1n)
    expect(await cache.increment('a')).toBe(2)
    expect(await cache.increment('a', -5n)).toBe(0n)
    expect(await cache.increment('b', 0n, { initial: 3 })).toBe(3n)
  })

  it('counts exactly up to 2^63 - 1, and back', async () => {
    const { cache } = observedCache(backend)
    expect(await cache.increment('a', 2n ** 53n)).toBe(2n ** 53n)
    expect(await cache.increment('a', 1n)).toBe(2n ** 53n + 1n)
    expect(await cache.increment('b', 1n, { initial: LARGEST - 1n })).toBe(LARGEST)
    expect(await cache.increment('b', -1n)).toBe(LARGEST - 1n)
    expect(await cache.increment('b', -LARGEST)).toBe(0n)
    expect(await cache.increment('b', LARGEST)).toBe(LARGEST)
    expect(await cache.get('b')).toBe(LARGEST)
  })

  it('refuses to pass 2^63 - 1, and leaves the count as it was', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.increment('a', LARGEST - 1n)
    trace.events.length = 0
    for (const by of [2n, LARGEST, 2, EXACT]) {
      await expect(cache.increment('a', by as number)).rejects.toMatchObject({
        code: 'ERR_CACHE_COUNTER',
        message: expect.stringMatching(/9223372036854775807|2\^63 - 1/),
      })
    }
    expect(trace.types()).toEqual([])
    expect(await cache.get('a')).toBe(LARGEST - 1n)
    expect(await cache.increment('a', 1n)).toBe(LARGEST)
    await expect(cache.increment('new', 1n, { initial: LARGEST })).rejects.toMatchObject({
      code: 'ERR_CACHE_COUNTER',
    })
    expect(await cache.has('new')).toBe(false)
  })

  it('by a number has counted what no number holds, and says so', async () => {
    const { cache, trace } = observedCache(backend)
    expect(await cache.increment('a', EXACT)).toBe(EXACT)
    await expect(cache.increment('a', 2)).rejects.toMatchObject({
      code: 'ERR_CACHE_COUNTER',
      message:
        "'a' was counted and is 9007199254740993, which no number holds exactly; count it with a bigint: increment(key, 2n)",
    })
    expect(trace.lines('value')).toEqual([`increment value=${EXACT}n`, 'increment value=9007199254740993n'])
    expect(await cache.increment('a', 0n)).toBe(2n ** 53n + 1n)
    expect(await cache.increment('a', -2)).toBe(EXACT)
  })

  it('loses none of many that run at once', async () => {
    const { cache } = observedCache(backend)
    const counts = await Promise.all(Array.from({ length: 300 }, () => cache.increment('a', 2)))
    expect(counts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, index) => 2 * index + 2))
    await Promise.all(Array.from({ length: 250 }, () => cache.increment('a', -2)))
    expect(await cache.get('a')).toBe(100)
  })

  it('tells what was added, and what it is now', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.increment('a', 5)
    await cache.increment('a', -9n)
    expect(trace.events).toEqual([
      { type: 'increment', key: 'a', by: 5n, value: 5n },
      { type: 'increment', key: 'a', by: -9n, value: 0n },
    ])
    expect(cache.stats()).toMatchObject({ hits: { local: 0, remote: 0 }, misses: 0, loads: 0 })
  })

  it('counts for each namespace and each key alone, however long or odd that is', async () => {
    const { cache } = observedCache(backend)
    const views = [cache, cache.namespace('pages'), cache.namespace('pages').namespace('2')]
    const keys = ['a', 'a b', 'ä:ö', 'x'.repeat(1_000), `${'x'.repeat(999)}y`, '\0', '__proto__', '1']
    for (const [v, view] of views.entries()) {
      for (const [k, key] of keys.entries()) expect(await view.increment(key, v * 10 + k)).toBe(v * 10 + k)
    }
    for (const [v, view] of views.entries()) {
      const counts = new Map(keys.map((key, k) => [key, v * 10 + k]))
      expect(await view.getMany(keys)).toEqual(counts)
    }
  })
})

type Refused = [by: unknown, options: unknown, code: string, message: RegExp]

const refused: Refused[] = [
  [1.5, {}, 'ERR_CACHE_OPTION', /^increment adds a safe integer, or a bigint .*; received 1\.5$/],
  [Number.NaN, {}, 'ERR_CACHE_OPTION', /received NaN$/],
  [Number.POSITIVE_INFINITY, {}, 'ERR_CACHE_OPTION', /received Infinity$/],
  [2 ** 53, {}, 'ERR_CACHE_OPTION', /received 9007199254740992$/],
  ['1', {}, 'ERR_CACHE_OPTION', /received '1'$/],
  [null, {}, 'ERR_CACHE_OPTION', /received null$/],
  [true, {}, 'ERR_CACHE_OPTION', /received true$/],
  [{ initial: 1 }, undefined, 'ERR_CACHE_OPTION', /received \{ initial: 1 \}$/],
  [LARGEST + 1n, {}, 'ERR_CACHE_OPTION', /received 9223372036854775808n$/],
  [-LARGEST - 1n, {}, 'ERR_CACHE_OPTION', /received -9223372036854775808n$/],
  [1, { initial: -1 }, 'ERR_CACHE_OPTION', /^initial must be .* from 0 to 2\^63 - 1; received -1$/],
  [1, { initial: -1n }, 'ERR_CACHE_OPTION', /received -1n$/],
  [1, { initial: 0.5 }, 'ERR_CACHE_OPTION', /received 0\.5$/],
  [1, { initial: Number.NaN }, 'ERR_CACHE_OPTION', /received NaN$/],
  [1, { initial: '5' }, 'ERR_CACHE_OPTION', /received '5'$/],
  [1, { initial: null }, 'ERR_CACHE_OPTION', /received null$/],
  [1, { initial: LARGEST + 1n }, 'ERR_CACHE_OPTION', /received 9223372036854775808n$/],
  [1, { ttl: 0 }, 'ERR_CACHE_OPTION', /^a counter must live for at least 1 ms; received a ttl of 0/],
  [1, { ttl: '0s' }, 'ERR_CACHE_OPTION', /received a ttl of '0s'/],
  [1, { ttl: -1 }, 'ERR_CACHE_DURATION', /ttl/],
  [1, { ttl: 'soon' }, 'ERR_CACHE_DURATION', /'soon'/],
  [1, { inital: 1 }, 'ERR_CACHE_OPTION', /^unknown option 'inital' of increment; did you mean 'initial'\?/],
  [1, { tags: ['t'] }, 'ERR_CACHE_OPTION', /^unknown option 'tags' of increment/],
  [1, 5, 'ERR_CACHE_OPTION', /^increment takes its options as an object; received 5$/],
  [1, null, 'ERR_CACHE_OPTION', /received null$/],
]

const badKeys: unknown[] = ['', undefined, null, 7, ['a'], {}]

describe.each(backends)('Bad arguments of increment on $name', backend => {
  it('reject, each with what was given, and count nothing', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.increment('a', 5)
    for (const [by, options, code, message] of refused) {
      const counting = cache.increment('a', by as number, options as CountOptions)
      await expect(counting).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    }
    expect(await cache.get('a')).toBe(5)
    expect(trace.types()).toEqual(['increment', 'hit'])
  })

  it.each(badKeys)('may be the key: %j', async key => {
    const { cache } = observedCache(backend)
    await expect(cache.increment(key as string)).rejects.toMatchObject({ code: 'ERR_CACHE_KEY' })
  })

  it('may be the ttl of the namespace, where that stores nothing', async () => {
    const { cache } = observedCache(backend)
    const none = cache.namespace('none', { ttl: 0 })
    await expect(none.increment('a')).rejects.toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringContaining('received a ttl of 0'),
    })
    expect(await none.increment('a', 1, { ttl: '1m' })).toBe(1)
  })
})

describe.each([lru, memory])('The ttl of a counter on $name', (backend: Backend) => {
  it('counts from when it was made, however often it is counted since', async () => {
    const { cache, clock } = observedCache(backend)
    await cache.increment('a', 1, { ttl: '1s' })
    await clock.advance(600)
    expect(await cache.increment('a', 1, { ttl: '1s' })).toBe(2)
    expect(await cache.increment('a', -1, { ttl: '1h' })).toBe(1)
    await clock.advance(399)
    expect(await cache.get('a')).toBe(1)
    await clock.advance(1)
    expect(await cache.has('a')).toBe(false)
    expect(await cache.increment('a', 1, { initial: 10, ttl: '1s' })).toBe(11)
    await clock.advance(999)
    expect(await cache.has('a')).toBe(true)
    await clock.advance(1)
    expect(await cache.has('a')).toBe(false)
  })

  it("is the view's own by default, without its grace and jitter", async () => {
    const { cache, clock } = observedCache(backend, { ttl: '1s' })
    const view = cache.namespace('n', { ttl: '2s', grace: '1h', jitter: 1, negativeTtl: 1 })
    await cache.increment('a')
    await view.increment('a')
    await clock.advance(1_000)
    expect(await cache.has('a')).toBe(false)
    await clock.advance(999)
    expect(await view.has('a')).toBe(true)
    await clock.advance(1)
    expect((await view.lookup('a')).state).toBe('miss')
    expect(await view.increment('a')).toBe(1)
  })

  it('is not shortened by a step that is refused', async () => {
    const { cache, clock } = observedCache(backend)
    await cache.increment('a', LARGEST, { ttl: '1m' })
    await expect(cache.increment('a', 1, { ttl: 1 })).rejects.toMatchObject({ code: 'ERR_CACHE_COUNTER' })
    await clock.advance(59_999)
    expect(await cache.get('a')).toBe(LARGEST)
  })
})
