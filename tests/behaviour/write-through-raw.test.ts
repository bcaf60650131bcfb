import { randomUUID } from 'node:crypto'
import { writeThrough } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { describe, expect, it } from 'vitest'
import { openCache } from '../backends.js'
import { heldWrite } from '../writing/held-write.js'
import { plainClients } from './plain-clients.js'

describe.each(plainClients())(
  'writeThrough with the raw codec on $backend.name',
  ({ backend, openStore, ...plain }) => {
    function opened() {
      const cache = openCache(backend, { store: openStore(), prefix: '', codec: 'raw' })
      return { cache, key: `raw-${randomUUID()}` }
    }
    const read = async (key: string) => (await plain.read(key))?.toString() ?? null

    it('writes what any other client reads', async () => {
      const { cache, key } = opened()
      await writeThrough(cache, key, 'new', () => {})
      expect(await read(key)).toBe('new')
      await writeThrough(cache, key, 'newer', () => {})
      expect(await read(key)).toBe('newer')
      await plain.delete(key)
    })

    it('leaves no marker for others to see', async () => {
      const { cache, key } = opened()
      await writeThrough(cache, key, 'new', async () => expect(await read(key)).toBeNull())
      await writeThrough(cache, key, 'newer', async () => expect(await read(key)).toBe('new'))
      await plain.delete(key)
    })

    it.each([null, 'old'])(
      'over %o stores nothing when another client has written meanwhile',
      async before => {
        const { cache, key } = opened()
        if (before !== null) await plain.write(key, Buffer.from(before))
        const held = heldWrite({ value: '' }, 'new')
        const writing = writeThrough(cache, key, 'new', held.write)
        await held.begun
        await plain.write(key, Buffer.from('theirs'))
        held.finish()
        expect(await writing).toBe('written')
        expect(await read(key)).toBeNull()
      },
    )

    it('stores nothing when a load has stored what was there before', async () => {
      const { cache, key } = opened()
      const held = heldWrite({ value: '' }, 'new')
      const writing = writeThrough(cache, key, 'new', held.write)
      await held.begun
      expect(await cache.getOrSet(key, () => 'old')).toBe('old')
      held.finish()
      await writing
      expect(await read(key)).toBeNull()
    })

    it('deletes the key when the write rejects, or the value is none of its own', async () => {
      const { cache, key } = opened()
      await plain.write(key, Buffer.from('old'))
      await writeThrough(cache, key, 'new', () => Promise.reject(new Error('conflict'))).catch(() => {})
      expect(await read(key)).toBeNull()
      await plain.write(key, Buffer.from('old'))
      expect(await writeThrough<unknown, unknown, number>(cache, key, { no: 'text' }, () => 7)).toBe(7)
      expect(await read(key)).toBeNull()
    })

    it('of two that overlap leaves the value of neither, or that of the last', async () => {
      const { cache, key } = opened()
      const row = { value: '' }
      const [first, second] = [heldWrite(row, 'first'), heldWrite(row, 'second')]
      const writes = [
        writeThrough(cache, key, 'first', first.write),
        writeThrough(cache, key, 'second', second.write),
      ]
      await Promise.all([first.begun, second.begun])
      second.commit()
      first.finish()
      await writes[0]
      second.finish()
      await writes[1]
      expect([null, row.value]).toContain(await read(key))
      await plain.delete(key)
    })
  },
)

it('writeThrough with the raw codec in memory puts a marker there, as over any other value', async () => {
  const cache = openCache(
    { name: 'lru', kind: 'local', lists: true, openStore: () => lruStore() },
    { codec: 'raw' },
  )
  await cache.set('a', 'old')
  await writeThrough(cache, 'a', 'new', async () => expect(await cache.get('a')).toBeUndefined())
  expect(await cache.get('a')).toBe('new')
})
