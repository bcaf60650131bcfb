import { Redis } from 'ioredis'
import { Client } from 'memjs'
import { inject, onTestFinished } from 'vitest'
import type { Backend } from '../backends.js'

/** Deletes a key on the servers as a program without this library would; it knows neither claims nor frames. */
export async function deletePlainly(backend: Backend, wireKey: string): Promise<void> {
  if (backend.name === 'redis') {
    const client = new Redis(inject('redisUrl'))
    onTestFinished(() => client.disconnect())
    await client.del(wireKey)
  } else if (backend.name === 'memcached') {
    // Other clients place keys on other servers of a fleet: this one asks each server by itself.
    for (const address of inject('memcachedServers').split(',')) {
      const client = Client.create(address, { retries: 1 })
      onTestFinished(() => client.close())
      await client.delete(wireKey)
    }
  } else {
    throw new Error(`${backend.name} is no server that another program could reach`)
  }
}
