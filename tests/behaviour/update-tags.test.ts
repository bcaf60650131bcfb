import type { Cache } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { backends } from '../backends.js'
import { cleared } from './cleared.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

describe.each(backends)('The tags of an update on $name', backend => {
  it.each<[string, readonly string[] | ((names: string[]) => readonly string[])]>([
    ['named', ['list', 'user:Ada']],
    ['computed', names => ['list', ...names.map(name => `user:${name}`)]],
  ])('are those of the value that it stored: %s', async (_, tags) => {
    const { cache } = observedCache(backend)
    const put = () => cache.update<string[]>('a', () => ['Ada'], { tags })
    await put()
    expect(await cache.get('a', { tags: ['list', 'user:Ada'] })).toEqual(['Ada'])
    for (const tag of ['list', 'user:Ada']) {
      await cache.deleteTags(['another'])
      expect(await cache.has('a')).toBe(true)
      await cache.deleteTags([tag])
      expect(await cache.has('a')).toBe(false)
      expect(await put()).toEqual(['Ada'])
    }
  })

  it('are not inherited from the value that was there', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', 1, { tags: ['old'] })
    expect(await cache.update<number>('a', (n = 0) => n + 1, { tags: ['new'] })).toBe(2)
    await cache.deleteTags(['old'])
    expect(await cache.get('a')).toBe(2)
    expect(await cache.update<number>('a', (n = 0) => n + 1)).toBe(3)
    await cache.deleteTags(['new'])
    expect(await cache.get('a')).toBe(3)
  })

  it('need not be those of the value that the change is given', async () => {
    const { cache } = observedCache(backend)
    await cache.set('a', 1)
    expect(await cache.update<number>('a', (n = 0) => n + 1, { tags: ['t'] })).toBe(2)
  })

  it.each(['deleteTags', 'expireTags'] as const)('hide the value from the change after a %s', async how => {
    const { cache } = observedCache(backend, { grace: '1h' })
    await cache.set('a', 1, { tags: ['t'] })
    await cache[how](['t'])
    expect(await cache.update<number>('a', (n = 10) => n + 1)).toBe(11)
  })

  it('hide what was cleared from the change', async () => {
    const { cache, clock } = observedCache(backend)
    await cache.set('a', 1)
    expect(await cleared(cache, clock)).toBe(true)
    expect(await cache.update<number>('a', (n = 10) => n + 1)).toBe(11)
    expect(await cache.get('a')).toBe(11)
  })
})

type Tags = readonly string[] | (() => readonly string[])
const invalidations: [how: string, invalidate: (cache: Cache) => Promise<boolean>][] = [
  ['deleteTags', cache => cache.deleteTags(['t'])],
  ['expireTags', cache => cache.expireTags(['t'])],
]
const kinds: [string, Tags][] = [
  ['named', ['t']],
  ['computed', () => ['t']],
]
const cases = invalidations.flatMap(([how, invalidate]) =>
  kinds.map(([kind, tags]) => ({ how, kind, tags, invalidate })),
)

describe.each(backends)('A tag that is invalidated while the next value is made on $name', backend => {
  it.each(cases)('by $how makes that one obsolete, as of a load: $kind', async ({ tags, invalidate }) => {
    for (const before of [undefined, { tags: ['t'] }, { tags: ['u'] }, {}]) {
      const { cache, clock } = observedCache(backend)
      if (before !== undefined) await cache.set('a', 'old', before)
      const sources = ['row before', 'row after']
      const change = vi.fn(async () => {
        const [row] = sources
        if (change.mock.calls.length === 1) {
          sources.shift()
          await invalidate(cache)
        }
        return row as string
      })
      const updating = cache.update('a', change, { tags })
      const done = settled(updating)
      await vi.waitFor(async () => {
        await clock.advance(1)
        expect(done()).toBe(true)
      })
      const found = await cache.get('a')
      expect(found).not.toBe('row before')
      expect(change.mock.calls.length === 2).toBe(found === 'row after')
    }
  })
})
