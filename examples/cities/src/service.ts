import type { Cache } from '@lookaside/core'
import type { City, Country, Neighbour, Queries } from './queries.js'

/** What the service can be asked, whoever asks: HTTP here. */
export interface CityService {
  city(id: number): Promise<City | undefined>
  country(code: string): Promise<Country | undefined>
  nearest(latitude: number, longitude: number, n: number): Promise<(City & Neighbour)[]>
  search(text: string): Promise<City[]>
  /** Resolves when no later answer can show the old population; to `undefined` for an unknown city. */
  setPopulation(id: number, population: number): Promise<City | undefined>
}

/**
 * The queries, cached.
 *
 * A population is the only fact that changes, and it is cached in two places: the city's row and its country's
 * totals. Lists of the nearest and of search results are cached as ids, which no write can change; their rows
 * are the cached rows of their cities. So a write has two keys to invalidate, whatever has been asked before.
 */
export function cityService(queries: Queries, cache: Cache): CityService {
  function city(id: number) {
    return cache.getOrSet(`city:${id}`, () => queries.city(id))
  }

  function country(code: string) {
    return cache.getOrSet(`country:${code}`, () => queries.country(code))
  }

  async function nearest(latitude: number, longitude: number, n: number) {
    // Points that are less than some 11 m apart share an answer.
    const [lat, lon] = [Number(latitude.toFixed(4)), Number(longitude.toFixed(4))]
    const neighbours = await cache.getOrSet(`nearest:${lat},${lon},${n}`, () => queries.nearest(lat, lon, n))
    const cities = await rows(neighbours.map(({ id }) => id))
    return cities.map((row, place) => ({ ...row, km: neighbours[place]?.km ?? Number.NaN }))
  }

  async function search(text: string) {
    const wanted = text.toLowerCase()
    return rows(await cache.getOrSet(`search:${wanted}`, () => queries.search(wanted)))
  }

  async function rows(ids: readonly number[]): Promise<City[]> {
    const found = await Promise.all(ids.map(city))
    return found.filter(row => row !== undefined)
  }

  async function setPopulation(id: number, population: number) {
    // A city never changes its country, so the keys are known before the write: they are invalidated even if
    // the write commits and its answer is lost.
    const before = await city(id)
    if (before === undefined) return undefined
    return cache.invalidateAfter(() => queries.setPopulation(id, population), {
      keys: [`city:${id}`, `country:${before.country}`],
    })
  }

  return { city, country, nearest, search, setPopulation }
}
