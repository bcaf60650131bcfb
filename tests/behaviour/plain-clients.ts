import type { RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { Redis } from 'ioredis'
import { Client } from 'memjs'
import { afterAll, inject } from 'vitest'
import { type Backend, memcached, redis } from '../backends.js'

/** A server as other programs use it, and a store on the same server. */
export interface PlainClient {
  readonly backend: Backend
  openStore(): RemoteStore
  read(key: string): Promise<Buffer | null>
  /** Writes for a minute. */
  write(key: string, bytes: Buffer): Promise<void>
  delete(key: string): Promise<void>
}

/** The machine that runs the tests may be slow; what the tests are about is not. */
const PATIENCE = '5s'

/** Plain clients of the servers that all tests share; they are closed after the tests of the file. */
export function plainClients(): readonly PlainClient[] {
  const url = inject('redisUrl')
  const ioredis = new Redis(url)
  // A fleet of one, so that the plain client needs no ring.
  const [address = ''] = inject('memcachedServers').split(',')
  const memjs = Client.create(address)
  afterAll(() => {
    ioredis.disconnect()
    memjs.close()
  })
  return [
    {
      backend: redis,
      openStore: () => redisStore({ url, socketTimeout: PATIENCE, connectTimeout: PATIENCE }),
      read: key => ioredis.getBuffer(key),
      write: async (key, bytes) => void (await ioredis.set(key, bytes, 'EX', 60)),
      delete: async key => void (await ioredis.del(key)),
    },
    {
      backend: memcached,
      openStore: () =>
        memcachedStore({ url: `memcached://${address}`, timeout: PATIENCE, connectTimeout: PATIENCE }),
      read: async key => (await memjs.get(key)).value,
      write: async (key, bytes) => void (await memjs.set(key, bytes, { expires: 60 })),
      delete: async key => void (await memjs.delete(key)),
    },
  ]
}
