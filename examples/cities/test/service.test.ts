import { fromUrl } from '@lookaside/config'
import type { Cache } from '@lookaside/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Database, openDatabase } from '../src/database.js'
import { loadCities } from '../src/load.js'
import type { City, Country } from '../src/queries.js'
import { type RunningService, serve } from '../src/serve.js'
import { type ServiceCacheOptions, tieredCache } from '../src/tiered-cache.js'

const REYKJAVIK = 3413829
const NEAREST = '/nearest?lat=64.146&lon=-21.942&n=3'
const SEARCH = '/search?q=reykjav'

let database: Database
beforeAll(async () => {
  database = await openDatabase()
  await loadCities(database, { countries: ['IS', 'LU', 'AD'] })
}, 60_000)
afterAll(() => database.close())

type Open = (options: ServiceCacheOptions) => Cache | Promise<Cache>

const DOWN = 'redis://127.0.0.1:1'

const backends: Record<string, Open> = {
  memory: options => fromUrl('memory:', options),
  Redis: options => fromUrl(inject('redisUrl'), options),
  memcached: options => fromUrl(`memcached://${inject('memcachedServers')}`, options),
  'a memory before Redis, with pubsub': options => tieredCache(inject('redisUrl'), 'pubsub', options),
  'a memory before Redis, with tracking': options => tieredCache(inject('redisUrl'), 'tracking', options),
  'a Redis that is down': options => fromUrl(DOWN, options),
  'a memory before a Redis that is down': options => tieredCache(DOWN, 'tracking', options),
}

let runs = 0

describe.each(Object.entries(backends))('the service on %s', (name, open) => {
  const down = name.endsWith('down')
  let cache: Cache
  let service: RunningService

  beforeEach(async () => {
    const prefix = `cities-test-${process.pid}-${runs++}`
    cache = await open({ prefix, ttl: '5m', storeTimeout: '2s' })
    service = await serve(database, cache)
  })
  afterEach(async () => {
    await service.close()
    await cache.close()
  })

  async function get<T>(path: string, status = 200): Promise<T> {
    const response = await fetch(service.url + path)
    expect({ path, status: response.status }).toEqual({ path, status })
    return (await response.json()) as T
  }

  async function put(path: string, body: unknown, status = 200): Promise<unknown> {
    const response = await fetch(service.url + path, { method: 'PUT', body: JSON.stringify(body) })
    expect({ path, status: response.status }).toEqual({ path, status })
    return response.json()
  }

  async function queriesFor(paths: readonly string[]): Promise<number> {
    const count = async () => (await get<{ database: { queries: number } }>('/stats')).database.queries
    const before = await count()
    for (const path of paths) await get(path)
    return (await count()) - before
  }

  test('answers from the database', async () => {
    const [nearest, next] = await get<(City & { km: number })[]>(NEAREST)
    expect(nearest).toMatchObject({ id: REYKJAVIK, name: 'Reykjavík', country: 'IS', km: 2.54 })
    expect(next?.name).toBe('Seltjarnarnes')
    const country = await get<Country>('/countries/is')
    expect(country).toMatchObject({ code: 'IS', cities: 33, population: 274_394 })
    expect(country.largest.map(city => city.name)).toEqual(['Reykjavík', 'Kópavogur', 'Hafnarfjörður'])
    expect((await get<City[]>(SEARCH)).map(city => city.name)).toEqual(['Reykjavík'])
    expect(await get<City>(`/cities/${REYKJAVIK}`)).toMatchObject({ population: 118_918 })
  })

  if (!down) {
    test('asks the database once for what it is asked again', async () => {
      for (const path of ['/countries/IS', `/cities/${REYKJAVIK}`, '/cities/1']) {
        const status = path === '/cities/1' ? 404 : 200
        const before = await get<{ database: { queries: number } }>('/stats')
        for (let time = 0; time < 3; time++) await get(path, status)
        const after = await get<{ database: { queries: number } }>('/stats')
        expect({ path, queries: after.database.queries - before.database.queries }).toEqual({
          path,
          queries: 1,
        })
      }
      expect(await queriesFor([NEAREST, SEARCH])).toBeGreaterThan(0)
      expect(await queriesFor([NEAREST, SEARCH, NEAREST, SEARCH])).toBe(0)
    })
  }

  if (!down) {
    test('asks the database once for what a crowd asks at the same time', async () => {
      const before = await get<{ database: { queries: number } }>('/stats')
      const answers = await Promise.all(Array.from({ length: 50 }, () => get<Country>('/countries/LU')))
      expect(answers.filter(({ code }) => code === 'LU')).toHaveLength(50)
      const after = await get<{ database: { queries: number } }>('/stats')
      expect(after.database.queries - before.database.queries).toBe(1)
    })
  }

  test('shows a write in every answer that follows it', async () => {
    const paths = ['/countries/IS', NEAREST, SEARCH, `/cities/${REYKJAVIK}`]
    for (const path of paths) await get(path)
    try {
      const written = await put(`/cities/${REYKJAVIK}`, { population: 5 })
      expect(written).toMatchObject({ id: REYKJAVIK, population: 5 })

      const country = await get<Country>('/countries/IS')
      expect(country.population).toBe(274_394 - 118_918 + 5)
      expect(country.largest.map(city => city.name)).not.toContain('Reykjavík')
      expect(await get<City[]>(NEAREST)).toContainEqual(
        expect.objectContaining({ id: REYKJAVIK, population: 5 }),
      )
      expect(await get<City[]>(SEARCH)).toEqual([expect.objectContaining({ population: 5 })])
      expect(await get<City>(`/cities/${REYKJAVIK}`)).toMatchObject({ population: 5 })
    } finally {
      await put(`/cities/${REYKJAVIK}`, { population: 118_918 })
    }
    expect(await get<Country>('/countries/IS')).toMatchObject({ population: 274_394 })
  })

  if (!down) {
    test('keeps after a write what shows no city of that country', async () => {
      const others = ['/countries/LU', '/search?q=lux', '/nearest?lat=42.5&lon=1.5&n=3']
      const ours = ['/countries/IS', NEAREST, SEARCH, `/cities/${REYKJAVIK}`]
      for (const path of [...others, ...ours]) await get(path)
      await put(`/cities/${REYKJAVIK}`, { population: 118_918 })
      expect(await queriesFor(others)).toBe(0)
      for (const path of ours)
        expect({ path, queries: await queriesFor([path]) }).toEqual({ path, queries: 1 })
    })
  }

  test('takes a search literally', async () => {
    expect(await get('/search?q=%25%25')).toEqual([])
    expect(await get('/search?q=__')).toEqual([])
    expect(await get(`/search?q=${encodeURIComponent("O'Higgins \\")}`)).toEqual([])
  })

  test('says what is unknown', async () => {
    expect(await get('/cities/1', 404)).toEqual({ error: 'no city has the id 1' })
    expect(await put('/cities/1', { population: 1 }, 404)).toEqual({ error: 'no city has the id 1' })
    expect(await get('/countries/xx', 404)).toEqual({ error: 'no city is in country XX' })
  })
})
