import type { Backend } from './backends.js'

/** Get, set and delete: a cache as one gets it from the client library alone. */
export interface PlainClient {
  readonly name: string
  get(key: string): Promise<string | undefined>
  set(key: string, value: string, seconds: number): Promise<unknown>
  delete(key: string): Promise<unknown>
  close(): Promise<void>
}

/** The plain client of a backend: a Map, ioredis, memjs or a Map before ioredis; none where nothing is kept. */
export async function plainClient({ name, url = '' }: Backend): Promise<PlainClient | undefined> {
  switch (name) {
    case 'memory':
      return plainMap()
    case 'Redis':
      return plainRedis(url)
    case 'memcached':
      return plainMemcached(url)
    case 'tiered':
      return plainTiers(url)
    case 'off':
      return undefined
  }
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

export async function plainRedis(url: string): Promise<PlainClient> {
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

async function plainTiers(url: string): Promise<PlainClient> {
  const [map, redis] = [plainMap(), await plainRedis(url)]
  const both = (call: (client: PlainClient) => Promise<unknown>) => Promise.all([map, redis].map(call))
  return {
    name: 'a Map before ioredis',
    async get(key) {
      const near = await map.get(key)
      if (near !== undefined) return near
      const far = await redis.get(key)
      if (far !== undefined) await map.set(key, far, 300)
      return far
    },
    set: (key, value, seconds) => both(client => client.set(key, value, seconds)),
    delete: key => both(client => client.delete(key)),
    close: async () => void (await both(client => client.close())),
  }
}
