import { type Environment, fromEnv } from '@lookaside/config'
import type { Cache, CacheStats } from '@lookaside/core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { backend } from '../src/backends.js'
import { type Database, openDatabase } from '../src/database.js'
import { loadCities } from '../src/load.js'
import type { City, Country } from '../src/queries.js'
import { type RunningService, serve } from '../src/serve.js'

const REYKJAVIK = 3413829
const NEAREST = '/nearest?lat=64.146&lon=-21.942&n=3'
const SEARCH = '/search?q=reykjav'

let database: Database
beforeAll(async () => {
  database = await openDatabase()
  await loadCities(database, { countries: ['IS', 'LU', 'AD'] })
}, 60_000)
afterAll(() => database.close())

const REDIS = inject('redisUrl')
const MEMCACHED = `memcached://${inject('memcachedServers')}`
const DOWN = 'redis://127.0.0.1:1'

/** Where an answer comes from that has been given before. */
type From = 'memory' | 'server' | 'database'

/** A config file of this example. */
function file(name: Parameters<typeof backend>[0], url?: string): Environment {
  const { config } = backend(name)
  return { CACHE_CONFIG: config, CACHE_URL: url }
}

const environments: Record<string, { readonly from: From; readonly env: Environment }> = {
  'CACHE_CONFIG=cache.config.memory.json': { from: 'memory', env: file('memory') },
  'CACHE_CONFIG=cache.config.redis.yaml': { from: 'server', env: file('Redis', REDIS) },
  'CACHE_CONFIG=cache.config.memcached.yaml': { from: 'server', env: file('memcached', MEMCACHED) },
  'CACHE_CONFIG=cache.config.tiered.mjs': { from: 'memory', env: file('tiered', REDIS) },
  'CACHE_CONFIG=cache.config.tiered.mjs BUS_MODE=pubsub': {
    from: 'memory',
    env: { ...file('tiered', REDIS), BUS_MODE: 'pubsub' },
  },
  'CACHE_CONFIG=cache.config.off.json': { from: 'database', env: file('off') },
  'neither CACHE_CONFIG nor CACHE_URL': { from: 'memory', env: {} },
  'CACHE_URL=redis://…': { from: 'server', env: { CACHE_URL: REDIS } },
  'CACHE_URL=memcached://…': { from: 'server', env: { CACHE_URL: MEMCACHED } },
  'CACHE_URL=none:': { from: 'database', env: { CACHE_URL: 'none:' } },
  'cache.config.redis.yaml, and a Redis that is down': { from: 'database', env: file('Redis', DOWN) },
  'cache.config.tiered.mjs, and a Redis that is down': { from: 'database', env: file('tiered', DOWN) },
}

interface Stats {
  readonly database: { readonly queries: number }
  readonly cache: CacheStats
}

let runs = 0

describe.each(Object.entries(environments))('the service with %s', (_, { from, env }) => {
  const keeps = from !== 'database'
  let cache: Cache
  let service: RunningService

  beforeEach(async () => {
    const prefix = `cities-test-${process.pid}-${runs++}`
    cache = await fromEnv({ prefix, storeTimeout: '2s' }, { ...env, CACHE_PREFIX: prefix })
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

  const stats = () => get<Stats>('/stats')

  async function queriesFor(ask: () => Promise<unknown>): Promise<number> {
    const before = await stats()
    await ask()
    return (await stats()).database.queries - before.database.queries
  }

  async function getAll(paths: readonly string[]): Promise<void> {
    for (const path of paths) await get(path)
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

  test('says in /stats where its answers come from', async () => {
    await get('/countries/IS')
    async function source(): Promise<From> {
      const before = await stats()
      await get('/countries/IS')
      const { cache, database } = await stats()
      if (database.queries > before.database.queries) return 'database'
      return cache.hits.local > before.cache.hits.local ? 'memory' : 'server'
    }
    await expect.poll(source, { timeout: 10_000, interval: 5 }).toBe(from)
  })

  if (keeps) {
    test('asks the database once for what it is asked again', async () => {
      for (const path of ['/countries/IS', `/cities/${REYKJAVIK}`, '/cities/1']) {
        const status = path === '/cities/1' ? 404 : 200
        const queries = await queriesFor(async () => {
          for (let time = 0; time < 3; time++) await get(path, status)
        })
        expect({ path, queries }).toEqual({ path, queries: 1 })
      }
      expect(await queriesFor(() => getAll([NEAREST, SEARCH]))).toBeGreaterThan(0)
      expect(await queriesFor(() => getAll([NEAREST, SEARCH, NEAREST, SEARCH]))).toBe(0)
    })

    test('asks the database once for what a crowd asks at the same time', async () => {
      const queries = await queriesFor(async () => {
        const answers = await Promise.all(Array.from({ length: 50 }, () => get<Country>('/countries/LU')))
        expect(answers.filter(({ code }) => code === 'LU')).toHaveLength(50)
      })
      expect(queries).toBe(1)
    })
  } else {
    test('asks the database each time', async () => {
      const paths = ['/countries/IS', `/cities/${REYKJAVIK}`]
      expect(await queriesFor(() => getAll([...paths, ...paths, ...paths]))).toBe(6)
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

  if (keeps) {
    test('keeps after a write what shows no city of that country', async () => {
      const others = ['/countries/LU', '/search?q=lux', '/nearest?lat=42.5&lon=1.5&n=3']
      const ours = ['/countries/IS', NEAREST, SEARCH, `/cities/${REYKJAVIK}`]
      await getAll([...others, ...ours])
      await put(`/cities/${REYKJAVIK}`, { population: 118_918 })
      expect(await queriesFor(() => getAll(others))).toBe(0)
      for (const path of ours) {
        expect({ path, queries: await queriesFor(() => get(path)) }).toEqual({ path, queries: 1 })
      }
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
