import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { backend } from '../src/backends.js'
import { type Database, openDatabase } from '../src/database.js'
import { loadCities } from '../src/load.js'
import { openBackend } from '../src/open-backend.js'
import { type PlainClient, plainClient } from '../src/plain-clients.js'
import { cityQueries } from '../src/queries.js'
import { lookasideContender, plainContender, race } from '../src/race.js'

const REYKJAVIK = { id: 3413829, country: 'IS' }

let database: Database
beforeAll(async () => {
  database = await openDatabase()
  await loadCities(database, { countries: ['IS'] })
}, 60_000)
afterAll(() => database.close())

const kept = [
  backend('memory'),
  backend('Redis', inject('redisUrl')),
  backend('memcached', `memcached://${inject('memcachedServers')}`),
  backend('tiered', inject('redisUrl')),
]

describe.each([...kept, backend('off')])('when a write overtakes a read, on $name', here => {
  test('lookaside shows the new value to the next reader', async () => {
    const cache = await openBackend(here, {}, { CACHE_PREFIX: `race-${process.pid}-${here.name}` })
    try {
      const result = await race(lookasideContender(cache, 'IS'), cityQueries(database), REYKJAVIK)
      expect(result).toEqual({ contender: 'lookaside', database: 284_394, nextRead: 284_394, fresh: true })
    } finally {
      await cache.close()
    }
  })

  test('the database is afterwards as it was before', async () => {
    expect(await cityQueries(database).city(REYKJAVIK.id)).toMatchObject({ population: 118_918 })
  })
})

describe.each(kept)('when a write overtakes a read through a plain client, on $name', here => {
  test('the next reader is shown the old value', async () => {
    const plain = (await plainClient(here)) as PlainClient
    try {
      const result = await race(
        plainContender(plain, `race-${process.pid}-${here.name}-plain`),
        cityQueries(database),
        REYKJAVIK,
      )
      expect(result).toEqual({ contender: plain.name, database: 284_394, nextRead: 274_394, fresh: false })
    } finally {
      await plain.close()
    }
  })
})

test('where nothing is kept there is no plain client', async () => {
  expect(await plainClient(backend('off'))).toBeUndefined()
})
