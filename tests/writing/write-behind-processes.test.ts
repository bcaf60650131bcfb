import { describe, expect, test, vi } from 'vitest'
import { type Backend, memcached, newPrefix, openCache, redis } from '../backends.js'
import { openDatabase, writingProcess } from './writing-process.js'

const UNWRITTEN_TTL = 3_000
const TIMEOUT = 60_000

describe.each([redis, memcached])('Processes that write behind on $name', (backend: Backend) => {
  test(
    'of which one is killed lose what it had not written, and others serve that no longer than unwrittenTtl',
    async () => {
      const prefix = newPrefix()
      const database = await openDatabase()
      const mortal = await writingProcess(backend, database, {
        prefix,
        delay: 3_600_000,
        unwrittenTtl: UNWRITTEN_TTL,
      })
      const cache = openCache(backend, { prefix, ttl: '1h' })
      await mortal.ask('setBehind', { key: 'a', row: 1 })
      await mortal.ask('flush')
      await mortal.ask('setBehind', { key: 'a', row: 2 })
      await mortal.ask('setBehind', { key: 'b', row: 3 })
      expect(await mortal.ask('getBehind', 'a')).toBe(2)
      expect(await cache.getMany(['a', 'b'])).toEqual(new Map(Object.entries({ a: 2, b: 3 })))
      await mortal.kill()
      expect(await database.rows()).toEqual(['a=1'])

      await vi.waitFor(async () => expect(await cache.getMany(['a', 'b'])).toEqual(new Map()), {
        timeout: 10 * UNWRITTEN_TTL,
        interval: 50,
      })
      expect(await cache.getOrSet('a', async () => (await database.rows()).at(-1))).toBe('a=1')
    },
    TIMEOUT,
  )

  test(
    'that close their cache lose nothing',
    async () => {
      const prefix = newPrefix()
      const database = await openDatabase()
      const one = await writingProcess(backend, database, { prefix, delay: 3_600_000 })
      for (let row = 0; row < 270; row++) await one.ask('setBehind', { key: `k${row % 90}`, row })
      await one.ask('close')
      const expected = Array.from({ length: 90 }, (_, index) => `k${index}=${180 + index}`)
      expect(await database.rows()).toEqual(expected)
    },
    TIMEOUT,
  )

  test(
    'the same key leave what the database has in the end, or nothing',
    async () => {
      const prefix = newPrefix()
      const database = await openDatabase()
      const processes = await Promise.all(
        [1, 2, 3].map(() => writingProcess(backend, database, { prefix, delay: 5 })),
      )
      const cache = openCache(backend, { prefix, ttl: '1h' })
      for (let row = 0; row < 60; row++) {
        await Promise.all(
          processes.map((one, name) => one.ask('setBehind', { key: 'a', row: `${name}-${row}` })),
        )
      }
      await Promise.all(processes.map(one => one.ask('flush')))
      const last = (await database.rows()).at(-1)
      const found = await cache.get('a')
      expect([undefined, last]).toContain(found === undefined ? undefined : `a=${found}`)
      for (const one of processes) expect(await one.ask('getBehind', 'a')).toBe(found)
    },
    TIMEOUT,
  )
})
