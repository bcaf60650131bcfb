import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, inject } from 'vitest'

/** A plain client to the Redis that all tests share, and a prefix there that is this file's own. */
export function sharedServer(): { url: string; plain: Redis; prefix: string } {
  const url = inject('redisUrl')
  const plain = new Redis(url)
  const prefix = `test:${randomUUID()}:`
  afterAll(async () => {
    const keys = await plain.keys(`${prefix}*`)
    if (keys.length > 0) await plain.del(keys)
    plain.disconnect()
  })
  return { url, plain, prefix }
}
