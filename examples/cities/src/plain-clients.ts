import type { Backend } from './backends.js'

/** Get, set and delete: a cache as one gets it from the client library alone. */
export interface PlainClient {
  readonly name: string
  get(key: string): Promise<string | undefined>
  set(key: string, value: string, seconds: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  close(): Promise<void>
}

/** The plain client of a backend: a Map, ioredis or memjs. */
export function plainClient({ name, url }: Backend): Promise<PlainClient> {
  if (name === 'Redis') return plainRedis(url)
  if (name === 'memcached') return plainMemcached(url)
  return Promise.resolve(plainMap())
}

function plainMap(): PlainClient {
  const map = new Map<string, string>()
  return {
    name: 'Map get, set, delete',
    get: async key => map.get(key),
    set: async (key, value) => map.set(key, value),
    delete: async key => map.delete(key),
    close: async () => map.clear(),
  }
}

async function plainRedis(url: string): Promise<PlainClient> {
  const { Redis } = await import('ioredis')
  const redis = new Redis(url)
  return {
    name: 'ioredis get, set, del',
    get: async key => (await redis.get(key)) ?? undefined,
    set: (key, value, seconds) => redis.set(key, value, 'EX', seconds),
    delete: key => redis.del(key),
    close: async () => redis.disconnect(),
  }
}

async function plainMemcached(url: string): Promise<PlainClient> {
  const { Client } = await import('memjs')
  const memcached = Client.create(url.replace('memcached://', ''))
  return {
    name: 'memjs get, set, delete',
    get: async key => (await memcached.get(key)).value?.toString(),
    set: (key, value, seconds) => memcached.set(key, value, { expires: seconds }),
    delete: key => memcached.delete(key),
    close: async () => memcached.close(),
  }
}
