import { describe, expect, it, vi } from 'vitest'
import { backends } from '../backends.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('{ refresh: true } on $name', backend => {
  it('loads over a fresh value and stores the new one', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 'old')
    trace.events.length = 0
    expect(await cache.getOrSet('a', () => 'new', { refresh: true })).toBe('new')
    expect(await cache.get('a')).toBe('new')
    expect(trace.lines('key', 'reason')).toEqual(['load key=a reason=forced', 'commit key=a', 'hit key=a'])
    expect(cache.stats()).toMatchObject({ hits: { [backend.kind]: 1 }, misses: 0, loads: 1 })
  })

  it('loads a missing value like any other call', async () => {
    const { cache, trace } = observedCache(backend)
    expect(await cache.getOrSet('a', () => 'new', { refresh: true })).toBe('new')
    expect(await cache.get('a')).toBe('new')
    expect(trace.lines('reason')).toEqual(['load reason=forced', 'commit', 'hit'])
  })

  it('hands the value that is still fresh to the loader', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', 1)
    const next = await cache.getOrSet('a', ({ previous }) => (previous as number) + 1, { refresh: true })
    expect(next).toBe(2)
  })

  it('rejects when the load fails, and leaves the old value as it was', async () => {
    const { cache } = observedCache(backend, { grace: '1h' })
    const error = new Error('the database is down')
    await cache.set('a', 'old')
    await expect(cache.getOrSet('a', () => Promise.reject(error), { refresh: true })).rejects.toBe(error)
    expect(await cache.get('a')).toBe('old')
  })

  it('of false reads as usual', async () => {
    const { cache } = observedCache(backend)
    const load = vi.fn(() => 'new')
    await cache.set('a', 'old')
    expect(await cache.getOrSet('a', load, { refresh: false })).toBe('old')
    expect(load).not.toHaveBeenCalled()
  })

  it('takes the key over from a load that has begun before', async () => {
    const { cache } = observedCache(backend)
    const begun = gate()
    const ending = gate()
    const earlier = cache.getOrSet('a', async () => {
      begun.open()
      await ending.passed
      return 'old'
    })
    await begun.passed
    expect(await cache.getOrSet('a', () => 'new', { refresh: true })).toBe('new')
    ending.open()
    expect(await earlier).toBe('old')
    expect(await cache.get('a')).toBe('new')
  })

  it('is not stored over a value that was written during its load', async () => {
    const { cache, trace } = observedCache(backend)
    await cache.set('a', 'old')
    trace.events.length = 0
    const load = async () => {
      await cache.set('a', 'written')
      return 'loaded'
    }
    expect(await cache.getOrSet('a', load, { refresh: true })).toBe('loaded')
    expect(await cache.get('a')).not.toBe('loaded')
    expect(trace.types().slice(0, 3)).toEqual(['set', 'load', 'commit-rejected'])
  })

  it.each([
    ['first', [0, 1]],
    ['last', [1, 0]],
  ] as const)(
    'twice at once on an absent key stores one value when the earlier one ends %s',
    async (_, order) => {
      const { cache } = observedCache(backend)
      const [begun, ending] = [[gate(), gate()] as const, [gate(), gate()] as const]
      const call = (index: 0 | 1) =>
        cache.getOrSet(
          'a',
          async () => {
            begun[index].open()
            await ending[index].passed
            return `loaded by ${index}`
          },
          { refresh: true },
        )
      const earlier = call(0)
      await begun[0].passed
      const calls = [earlier, call(1)] as const
      await begun[1].passed
      for (const index of order) {
        ending[index].open()
        expect(await calls[index]).toBe(`loaded by ${index}`)
      }
      expect(await cache.get('a')).toBe('loaded by 1')
    },
  )
})
