import type { Cache } from '@lookaside/core'
import type { City, Country, Neighbour, Queries } from './queries.js'

/** What the service can be asked, whoever asks: HTTP here. */
export interface CityService {
  city(id: number): Promise<City | undefined>
  country(code: string): Promise<Country | undefined>
  nearest(latitude: number, longitude: number, n: number): Promise<Neighbour[]>
  search(text: string): Promise<City[]>
  /** Resolves when no later answer can show the old population; to `undefined` for an unknown city. */
  setPopulation(id: number, population: number): Promise<City | undefined>
}

/** The key of a city's row. */
export function cityKey(id: number): string {
  return `city:${id}`
}

/** The tag of every answer that shows more of a country than one row. */
export function countryTag(code: string): string {
  return `country:${code}`
}

/**
 * The queries, cached.
 *
 * A population is the only fact that changes. It stands in the city's row, which has a key; in its country's totals,
 * which name the country as their tag; and in lists that nobody could enumerate, which take their tags from the rows
 * that they turn out to have. So a write has one key and one tag to invalidate, whatever has been asked before.
 *
 * The rows of a list tell all its tags because no population decides who is in it.
 */
export function cityService(queries: Queries, cache: Cache): CityService {
  function city(id: number) {
    return cache.getOrSet(cityKey(id), () => queries.city(id))
  }

  function country(code: string) {
    return cache.getOrSet(`country:${code}`, () => queries.country(code), { tags: [countryTag(code)] })
  }

  function nearest(latitude: number, longitude: number, n: number) {
    // Points that are less than some 11 m apart share an answer.
    const [lat, lon] = [Number(latitude.toFixed(4)), Number(longitude.toFixed(4))]
    return cache.getOrSet(`nearest:${lat},${lon},${n}`, () => queries.nearest(lat, lon, n), { tags: tagsOf })
  }

  function search(text: string) {
    const wanted = text.toLowerCase()
    return cache.getOrSet(`search:${wanted}`, () => queries.search(wanted), { tags: tagsOf })
  }

  async function setPopulation(id: number, population: number) {
    // A city never changes its country, so the tag is known before the write: it is invalidated even if the write
    // commits and its answer is lost.
    const before = await city(id)
    if (before === undefined) return undefined
    return cache.invalidateAfter(() => queries.setPopulation(id, population), {
      keys: [cityKey(id)],
      tags: [countryTag(before.country)],
    })
  }

  return { city, country, nearest, search, setPopulation }
}

/** One tag for each country in a list. */
export function tagsOf(cities: readonly Pick<City, 'country'>[]): string[] {
  return [...new Set(cities.map(({ country }) => countryTag(country)))]
}
