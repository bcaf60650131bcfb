import { z } from 'zod'
import { CACHE_SHAPE } from '../schema/cache-settings.js'
import { object } from '../schema/expected.js'
import { NAME_SCHEMA } from '../schema/namespaces.js'
import { LRU_SHAPE } from '../stores/lru.js'
import { MEMCACHED_SHAPE } from '../stores/memcached.js'
import { MIGRATING_SHAPE } from '../stores/migrating.js'
import { NONE_SHAPE } from '../stores/none.js'
import { REDIS_SHAPE } from '../stores/redis.js'
import { TIERED_SHAPE } from '../stores/tiered.js'

type Shape = Readonly<Record<string, z.ZodType>>

/** The name of a package or the path of a module: what no built-in type looks like. */
const FOREIGN_TYPE = z.string().regex(/[/.@-]/)

const URL = urlOf('memory:|rediss?://|memcached://|none:')

function urlOf(schemes: string): z.ZodString {
  return z.string().regex(new RegExp(`^\\s*(?:${schemes})`))
}

const INNER: Shape = {
  local: z.lazy(() => INNER_STORE).optional(),
  remote: z.lazy(() => INNER_STORE),
  to: z.lazy(() => INNER_STORE),
  from: z.lazy(() => INNER_STORE),
}

/** The forms of a store; `more` stands beside its own settings. */
function stores(ids: string, more: Shape, nested: boolean): z.ZodType[] {
  const form = (id: string, type: string, shape: Shape) =>
    object({ type: z.literal(type), ...withInner(shape), ...more }).meta({ id: `${id}${ids}` })
  const byUrl = (id: string, schemes: string, { url: _, ...shape }: Shape) =>
    object({ url: urlOf(schemes), ...shape, ...more }).meta({ id: `${id}ByUrl${ids}` })
  return [
    form('Lru', 'lru', LRU_SHAPE),
    form('Redis', 'redis', REDIS_SHAPE),
    form('Memcached', 'memcached', MEMCACHED_SHAPE),
    ...(nested ? [] : [form('Tiered', 'tiered', TIERED_SHAPE)]),
    form('Migrating', 'migrating', MIGRATING_SHAPE),
    form('None', 'none', NONE_SHAPE),
    byUrl('Lru', 'memory:', LRU_SHAPE),
    byUrl('Redis', 'rediss?://', REDIS_SHAPE),
    byUrl('Memcached', 'memcached://', MEMCACHED_SHAPE),
    byUrl('None', 'none:', NONE_SHAPE),
    z.looseObject({ type: FOREIGN_TYPE, ...more }).meta({ id: `Foreign${ids}` }),
  ]
}

function withInner(shape: Shape): Shape {
  return Object.fromEntries(Object.entries(shape).map(([name, schema]) => [name, INNER[name] ?? schema]))
}

const INNER_STORE: z.ZodType = z.union([URL, ...stores('Store', {}, true)]).meta({ id: 'InnerStore' })

const SETTINGS = object(CACHE_SHAPE).meta({ id: 'CacheSettings' })

/** A cache by name; settings alone will do where all have a store in common. */
const CACHE = z.union([URL, ...stores('Cache', CACHE_SHAPE, false)])
const CACHES = z.record(NAME_SCHEMA, CACHE)
const CACHES_OF_A_STORE = z.record(NAME_SCHEMA, z.union([...CACHE.options, SETTINGS]))

const ROOT: Shape = { $schema: z.string().optional() }

/** Everything that a config file can hold: the form in which editors are told of it. */
export const CONFIG_SCHEMA = z.union([
  ...stores('Config', { ...CACHE_SHAPE, ...ROOT, caches: CACHES_OF_A_STORE.optional() }, false),
  object({ ...CACHE_SHAPE, ...ROOT, caches: CACHES }).meta({ id: 'CachesConfig' }),
])
