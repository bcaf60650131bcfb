import { type Cache, writeThrough } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { type Backend, backends, newPrefix, openCache } from '../backends.js'
import { heldLoad } from '../races/held-load.js'
import { heldWrite, type Row } from '../writing/held-write.js'

/** What somebody else does to the key meanwhile; what it returns has to happen after the write. */
type Meddle = (cache: Cache, row: Row<string>) => Promise<(() => unknown) | undefined>

const done =
  (act: (cache: Cache, row: Row<string>) => Promise<unknown>): Meddle =>
  async (cache, row) => {
    await act(cache, row)
    return undefined
  }

const OPTIONS = { tags: ['rows'], grace: '1m' } as const

const MEDDLING: Record<string, Meddle> = {
  delete: done(cache => cache.delete('row')),
  deleteMany: done(cache => cache.deleteMany(['row', 'other'])),
  expire: done(cache => cache.expire('row')),
  deleteTags: done(cache => cache.deleteTags(['rows'])),
  expireTags: done(cache => cache.expireTags(['rows'])),
  clear: done(cache => cache.clear()),
  set: done((cache, row) => cache.set('row', row.value, OPTIONS)),
  'set of nothing': done((cache, row) => cache.set('row', row.value, { ttl: 0 })),
  update: done((cache, row) => cache.update('row', () => row.value, OPTIONS)),
  'a delete and a load': done(async (cache, row) => {
    await cache.delete('row')
    await cache.getOrSet('row', () => row.value, OPTIONS)
  }),
  'a load': done((cache, row) => cache.getOrSet('row', () => row.value, OPTIONS)),
  'a forced load': done((cache, row) =>
    cache.getOrSet('row', () => row.value, { ...OPTIONS, refresh: true }),
  ),
  'a forced load that ends later': async (cache, row) => {
    const load = heldLoad<string>()
    const { value } = row
    const reading = cache.getOrSet('row', load.load, { ...OPTIONS, refresh: true })
    await load.begun
    return async () => {
      load.finish(value)
      await reading
    }
  },
  'a load that ends later': async (cache, row) => {
    await cache.delete('row')
    const load = heldLoad<string>()
    const { value } = row
    const reading = cache.getOrSet('row', load.load, OPTIONS)
    await load.begun
    return async () => {
      load.finish(value)
      await reading
    }
  },
  'another writeThrough': done((cache, row) =>
    writeThrough(
      cache,
      'row',
      'third',
      () => {
        row.value = 'third'
      },
      OPTIONS,
    ),
  ),
  'another writeThrough that rejects': done((cache, row) =>
    writeThrough(
      cache,
      'row',
      'third',
      () => {
        row.value = 'third'
        throw new Error('connection lost during COMMIT')
      },
      OPTIONS,
    ).catch(() => {}),
  ),
  'another writeThrough that ends later': async (cache, row) => {
    const third = heldWrite(row, 'third')
    const writing = writeThrough(cache, 'row', 'third', third.write, OPTIONS)
    await third.begun
    return async () => {
      third.finish()
      await writing
    }
  },
  'another writeThrough that commits now and ends later': async (cache, row) => {
    const third = heldWrite(row, 'third')
    const writing = writeThrough(cache, 'row', 'third', third.write, OPTIONS)
    await third.begun
    third.commit()
    return async () => {
      third.finish()
      await writing
    }
  },
}

/** When it happens. */
const POINTS = ['before the commit', 'between the commit and the end', 'before and after the commit'] as const

describe.each(backends)('A writeThrough on $name', (backend: Backend) => {
  describe.each(Object.entries(MEDDLING))('that %s comes between', (_, meddle) => {
    it.each(POINTS)('%s never leaves a value that is older than the database', async point => {
      const prefix = newPrefix()
      const cache = openCache(backend, { prefix })
      const other = backend.kind === 'local' ? cache : openCache(backend, { prefix })
      const row: Row<string> = { value: 'old' }
      await cache.set('row', 'old', OPTIONS)
      const held = heldWrite(row, 'new')
      const writing = writeThrough(cache, 'row', 'new', held.write, OPTIONS)
      await held.begun
      const later: ((() => unknown) | undefined)[] = []
      if (point !== 'between the commit and the end') later.push(await meddle(other, row))
      held.commit()
      if (point !== 'before the commit') later.push(await meddle(other, row))
      held.finish()
      expect(await writing).toBe('written')
      for (const act of later) await act?.()

      for (const reader of [cache, other]) {
        const { state, ...found } = await reader.lookup<string>('row')
        if (state !== 'miss') expect(found).toMatchObject({ value: row.value })
        expect(await reader.getOrSet('row', () => row.value, OPTIONS)).toBe(row.value)
      }
    })
  })

  it('that an increment comes between is in nobody else’s way: a marker is no counter', async () => {
    const cache = openCache(backend)
    const held = heldWrite({ value: 'old' }, 'new')
    const writing = writeThrough(cache, 'row', 'new', held.write)
    await held.begun
    await expect(cache.increment('row')).rejects.toMatchObject({ code: 'ERR_CACHE_COUNTER' })
    held.finish()
    await writing
    expect(await cache.get('row')).toBe('new')
  })
})
