import type { Database } from './database.js'

export interface City {
  readonly id: number
  readonly name: string
  readonly country: string
  readonly latitude: number
  readonly longitude: number
  /** The only one of these facts that changes. */
  readonly population: number
}

export interface Country {
  readonly code: string
  readonly cities: number
  readonly population: number
  readonly largest: readonly Pick<City, 'id' | 'name' | 'population'>[]
}

/** A city among the nearest to a point, and how far it is from there. */
export interface Neighbour extends City {
  readonly km: number
}

/** Everything this service asks of its database. */
export interface Queries {
  city(id: number): Promise<City | undefined>
  /** Counts, sums and ranks all cities of a country. */
  country(code: string): Promise<Country | undefined>
  /** The distance from a point to every city on earth, by the haversine formula; the `n` shortest. */
  nearest(latitude: number, longitude: number, n: number): Promise<Neighbour[]>
  /** Up to ten cities whose name contains `text`: exact matches, then capitals and seats, then the rest. */
  search(text: string): Promise<City[]>
  /** Resolves to the row as it is after the update, or `undefined` where there is none. */
  setPopulation(id: number, population: number): Promise<City | undefined>
}

const COLUMNS = 'id, name, country, latitude, longitude, population'

const CITY = `select ${COLUMNS} from lookaside_example.cities where id = $1`

const COUNTRY = `
  select country as code, count(*)::int as cities, sum(population)::float8 as population,
         (select json_agg(top) from (
            select id, name, population from lookaside_example.cities where country = $1
            order by population desc, id limit 3) top) as largest
  from lookaside_example.cities where country = $1 group by country`

const NEAREST = `
  select ${COLUMNS}, 2 * 6371 * asin(least(1, sqrt(
           sin(radians(latitude - $1) / 2) ^ 2
           + cos(radians($1)) * cos(radians(latitude)) * sin(radians(longitude - $2) / 2) ^ 2))) as km
  from lookaside_example.cities order by km, id limit $3`

const SEARCH = `
  select ${COLUMNS} from lookaside_example.cities where name ilike '%' || $1 || '%'
  order by lower(name) = $2 desc,
           array_position(array['PPLC', 'PPLA', 'PPLA2', 'PPLA3', 'PPLA4', 'PPLA5'], feature) nulls last,
           name collate "C", id
  limit 10`

const SET_POPULATION = `
  update lookaside_example.cities set population = $2 where id = $1 returning ${COLUMNS}`

/** The queries over `database`. Apart from the primary key there is no index: they are as slow as they look. */
export function cityQueries(database: Pick<Database, 'query'>): Queries {
  return {
    async city(id) {
      const [city] = await database.query<City>(CITY, [id])
      return city
    },
    async country(code) {
      const [country] = await database.query<Country>(COUNTRY, [code])
      return country
    },
    async nearest(latitude, longitude, n) {
      const neighbours = await database.query<Neighbour>(NEAREST, [latitude, longitude, n])
      return neighbours.map(city => ({ ...city, km: Number(city.km.toFixed(2)) }))
    },
    async search(text) {
      const literal = text.replace(/[\\%_]/g, '\\$&')
      return database.query<City>(SEARCH, [literal, text.toLowerCase()])
    },
    async setPopulation(id, population) {
      const [city] = await database.query<City>(SET_POPULATION, [id, population])
      return city
    },
  }
}
