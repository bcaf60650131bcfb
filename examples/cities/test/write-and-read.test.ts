import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Backend, backend } from '../src/backends.js'
import { type Check, visitChecks } from '../src/checks.js'
import { type Database, openDatabase } from '../src/database.js'
import { loadCities } from '../src/load.js'
import { openBackend } from '../src/open-backend.js'
import type { RaceResult } from '../src/race.js'
import { showWrite, type Visit } from '../src/report.js'
import { serve } from '../src/serve.js'
import { type Write, writeAndRead } from '../src/write-and-read.js'
import { printed } from './printed.js'

const kept = [
  backend('memory'),
  backend('Redis', inject('redisUrl')),
  backend('memcached', `memcached://${inject('memcachedServers')}`),
  backend('tiered', inject('redisUrl')),
]

let database: Database
beforeAll(async () => {
  database = await openDatabase()
  // Those of the tour's questions.
  await loadCities(database, { countries: ['IS', 'FO', 'GR', 'FR', 'US', 'NO', 'EG', 'CA'] })
}, 60_000)
afterAll(() => database.close())

function visitWith(here: Backend, write: Write): Visit {
  return {
    backend: here,
    timings: [],
    write,
    races: [raced(true), raced(false)],
  }
}

const raced = (fresh: boolean): RaceResult => ({ contender: '', database: 1, nextRead: 1, fresh })

const failed = (checks: readonly Check[]) => checks.filter(({ holds }) => !holds).map(({ what }) => what)

async function written(here: Backend): Promise<Write> {
  const env = { CACHE_PREFIX: `write-${randomUUID()}` }
  const cache = await openBackend(here, { storeTimeout: '2s' }, env)
  const service = await serve(database, cache)
  try {
    return await writeAndRead(service.url, 10_000, here)
  } finally {
    await service.close()
    await cache.close()
  }
}

const CITY = { before: 118_918, after: 128_918, expected: 128_918, gone: true }
const COUNTRY = { before: 274_394, after: 284_394, expected: 284_394, gone: true }

/** Every answer that shows the city or its country. */
const SEEN = [
  { path: '/cities/3413829', tags: [], ...CITY },
  { path: '/countries/IS', tags: ['country:IS'], ...COUNTRY },
  { path: '/nearest?lat=64.146&lon=-21.942&n=10', tags: ['country:IS'], ...CITY },
  { path: '/search?q=v%C3%ADk', tags: ['country:IS', 'country:FO', 'country:GR'], ...CITY },
]

describe.each(kept)('a write through the service on $name', here => {
  let write: Write
  beforeAll(async () => {
    write = await written(here)
  }, 60_000)

  test('takes one row by its key, and by one tag all answers of its country', () => {
    expect(write.seen).toEqual(SEEN)
  })

  test('leaves the answers of all other countries in the cache', () => {
    expect(write.cached).toBe(13)
    expect(write.others.map(({ path }) => path)).toEqual([
      '/nearest?lat=-1.283&lon=36.817&n=10',
      '/nearest?lat=35.69&lon=139.692&n=10',
      '/search?q=san',
      '/search?q=ville',
      '/countries/FR',
      '/countries/US',
      '/cities/3143244',
      '/cities/360630',
      '/cities/6167865',
    ])
    expect(write.others.filter(({ kept }) => !kept)).toEqual([])
  })

  test('is shown as it was, and every check of the demo holds', () => {
    expect(printed(() => showWrite(visitWith(here, write)))).toEqual([
      '',
      '2  A write, by tag',
      '   PUT /cities/3413829: Reykjavík grows by 10,000. Of the 13 answers of this tour 13 were cached.',
      '   The write deletes a key, that of the row, and a tag, that of all answers with Iceland in them.',
      '',
      '  population in                          before    after',
      '  /cities/3413829                       118,918  128,918  new  key city:3413829',
      '  /countries/IS                         274,394  284,394  new  tag country:IS',
      '  /nearest?lat=64.146&lon=-21.942&n=10  118,918  128,918  new  tag country:IS',
      '  /search?q=vík                         118,918  128,918  new  tag country:IS (beside country:FO and country:GR)',
      '',
      '  One tag took 3 answers with it. Of other countries 9 of 9 are still cached, and unchanged.',
      '',
    ])
    expect(failed(visitChecks(visitWith(here, write)))).toEqual([])
  })

  test('fails the checks of the demo where it leaves too much in the cache, or takes too much out', () => {
    const { seen, others } = write
    const failedFor = (change: Partial<Write>) =>
      failed(visitChecks(visitWith(here, { ...write, ...change }))).map(what => what.replace(/^.*?: /, ''))
    expect(failedFor({ cached: 12 })).toEqual(['all answers are cached before the write, not 12 of 13'])
    expect(failedFor({ seen: seen.map(each => ({ ...each, gone: false })) })).toEqual(
      seen.map(({ path }) => `the write takes ${path} out of the cache`),
    )
    expect(failedFor({ seen: seen.map(each => ({ ...each, after: each.before })) })).toEqual(
      seen.map(({ path, before, expected }) => `after the write ${path} shows ${expected}, not ${before}`),
    )
    expect(failedFor({ seen: seen.slice(0, 2), cached: 11 })).toEqual(['one tag takes several answers'])
    expect(failedFor({ others: others.map(each => ({ ...each, kept: false })) })).toEqual(
      others.map(({ path }) => `the write leaves ${path} in the cache`),
    )
  })
})

describe('a write through the service with the cache off', () => {
  const off = backend('off')
  let write: Write
  beforeAll(async () => {
    write = await written(off)
  }, 60_000)

  test('shows at once, as all answers come from the database', () => {
    expect(write).toEqual({ seen: SEEN, others: [], cached: 0 })
  })

  test('fails the checks of the demo where an answer is cached all the same, and no others', () => {
    const failedFor = (change: Partial<Write>) =>
      failed(visitChecks({ ...visitWith(off, { ...write, ...change }), races: [raced(true)] }))
    expect(failedFor({})).toEqual([])
    expect(failedFor({ cached: 1 })).toEqual(['off: no answer is cached before the write, not 1'])
  })
})
