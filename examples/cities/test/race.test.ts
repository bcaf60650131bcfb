import { fromUrl } from '@lookaside/config'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Backend } from '../src/backends.js'
import { type Database, openDatabase } from '../src/database.js'
import { loadCities } from '../src/load.js'
import { plainClient } from '../src/plain-clients.js'
import { cityQueries } from '../src/queries.js'
import { lookasideContender, plainContender, race } from '../src/race.js'

const REYKJAVIK = { id: 3413829, country: 'IS' }

let database: Database
beforeAll(async () => {
  database = await openDatabase()
  await loadCities(database, { countries: ['IS'] })
}, 60_000)
afterAll(() => database.close())

const backends: readonly Backend[] = [
  { name: 'memory', url: 'memory:' },
  { name: 'Redis', url: inject('redisUrl') },
  { name: 'memcached', url: `memcached://${inject('memcachedServers')}` },
]

describe.each(backends)('when a write overtakes a read, on $name', backend => {
  test('lookaside shows the new value to the next reader', async () => {
    const cache = await fromUrl(backend.url, { prefix: `race-${process.pid}`, ttl: '5m' })
    try {
      const result = await race(lookasideContender(cache, 'IS'), cityQueries(database), REYKJAVIK)
      expect(result).toEqual({ contender: 'lookaside', database: 284_394, nextRead: 284_394, fresh: true })
    } finally {
      await cache.close()
    }
  })

  test('a plain client shows the old one', async () => {
    const plain = await plainClient(backend)
    try {
      const result = await race(
        plainContender(plain, `race-${process.pid}-plain`),
        cityQueries(database),
        REYKJAVIK,
      )
      expect(result).toEqual({ contender: plain.name, database: 284_394, nextRead: 274_394, fresh: false })
    } finally {
      await plain.close()
    }
  })

  test('the database is afterwards as it was before', async () => {
    expect(await cityQueries(database).city(REYKJAVIK.id)).toMatchObject({ population: 118_918 })
  })
})
