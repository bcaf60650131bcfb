import { writeThrough } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, backends, newPrefix, openCache } from '../backends.js'
import { heldLoad } from '../races/held-load.js'
import { heldWrite } from '../writing/held-write.js'
import { observedCache } from './observed-cache.js'

describe.each(backends)('While a key is written through on $name', (backend: Backend) => {
  /** A cached row, and a write of `'new'` that has begun. */
  async function writing(options: Parameters<typeof openCache>[1] = {}) {
    const cache = openCache(backend, options)
    const row = { value: 'old' }
    await cache.set('row', 'old', { grace: '1m' })
    const held = heldWrite(row, 'new')
    const written = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    const read = vi.fn(async () => row.value)
    return { cache, row, held, written, read }
  }

  it('the old value is not in the cache, not even as a stale one', async () => {
    const { cache, held, written } = await writing()
    const looks = async () => {
      expect(await cache.get('row')).toBeUndefined()
      expect(await cache.has('row')).toBe(false)
      expect((await cache.lookup('row')).state).toBe('miss')
      expect(await cache.getMany(['row'])).toEqual(new Map())
    }
    await looks()
    held.commit()
    await looks()
    held.finish()
    expect(await written).toBe('written')
    expect(await cache.get('row')).toBe('new')
  })

  it('a reader without a guard loads what the database has, and stores nothing', async () => {
    const { cache, held, written, read } = await writing()
    expect(await cache.getOrSet('row', read)).toBe('old')
    held.commit()
    expect(await cache.getOrSet('row', read)).toBe('new')
    expect(read).toHaveBeenCalledTimes(2)
    expect(cache.stats().commits).toBe(0)
    held.finish()
    await written
    expect(await cache.getOrSet('row', read)).toBe('new')
    expect(read).toHaveBeenCalledTimes(2)
  })

  it('a reader of many keys loads what the database has, and stores nothing', async () => {
    const { cache, held, written, row } = await writing()
    const many = () =>
      cache.getOrSetMany(['row', 'other'], { key: key => key, load: keys => keys.map(() => row.value) })
    expect(await many()).toEqual(['old', 'old'])
    held.finish()
    await written
    expect(await many()).toEqual(['new', 'old'])
  })

  it('readers with a guard wait for the new value, and load nothing', async () => {
    const { cache, held, written, read } = await writing({ guard: stampedeGuard() })
    const waiting = new Promise<void>(resolve => {
      cache.on(({ type }) => type === 'claim-wait' && resolve())
    })
    const reading = Promise.all(Array.from({ length: 20 }, () => cache.getOrSet('row', read)))
    await waiting
    held.finish()
    await written
    expect(new Set(await reading)).toEqual(new Set(['new']))
    expect(read).not.toHaveBeenCalled()
  })

  it('readers with a guard load once when the write rejects', async () => {
    const { cache, held, written, read } = await writing({ guard: stampedeGuard() })
    const waiting = new Promise<void>(resolve => {
      cache.on(({ type }) => type === 'claim-wait' && resolve())
    })
    const reading = Promise.all(Array.from({ length: 20 }, () => cache.getOrSet('row', read)))
    await waiting
    held.fail(new Error('conflict'))
    await expect(written).rejects.toThrow('conflict')
    expect(new Set(await reading)).toEqual(new Set(['old']))
    expect(read).toHaveBeenCalledTimes(1)
    expect(await cache.getOrSet('row', read)).toBe('old')
    expect(await cache.get('row')).toBe('old')
  })
})

describe.each(backends)('A load that has begun before a writeThrough on $name', (backend: Backend) => {
  it.each(['over nothing', 'over a stale value', 'over a fresh value, forced'])(
    '%s stores nothing',
    async way => {
      const { cache, clock } = observedCache(backend, { ttl: 1_000, grace: 10_000 })
      const refresh = way.endsWith('forced')
      if (way !== 'over nothing') await cache.set('row', 'old')
      if (way === 'over a stale value') await clock.advance(1_500)
      const load = heldLoad<string>()
      const reading = cache.getOrSet('row', load.load, { refresh })
      await load.begun
      await writeThrough(cache, 'row', 'new', () => {})
      load.finish('old')
      expect(await reading).toBe('old')
      // Who forces a load wants what it brings to be the last word; this one has begun too early for that.
      expect(await cache.get('row')).toBe(refresh ? undefined : 'new')
      expect(await cache.getOrSet('row', () => 'new')).toBe('new')
    },
  )

  it('and ends during it stores nothing', async () => {
    const { cache } = observedCache(backend)
    const [load, held] = [heldLoad<string>(), heldWrite({ value: 'old' }, 'new')]
    const reading = cache.getOrSet('row', load.load)
    await load.begun
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    load.finish('old')
    expect(await reading).toBe('old')
    expect(await cache.get('row')).toBeUndefined()
    held.finish()
    await writing
    expect(await cache.get('row')).toBe('new')
  })

  it('is not shared by those who ask later', async () => {
    const cache = openCache(backend, { guard: stampedeGuard(), prefix: newPrefix() })
    const load = heldLoad<string>()
    const reading = cache.getOrSet('row', load.load)
    await load.begun
    await writeThrough(cache, 'row', 'new', () => {})
    expect(await cache.getOrSet('row', () => 'newest')).toBe('new')
    load.finish('old')
    expect(await reading).toBe('old')
    expect(await cache.get('row')).toBe('new')
  })
})
