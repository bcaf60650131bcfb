import { describe, expect, it } from 'vitest'
import { openCache, remoteBackends } from '../backends.js'

/** What Node.js takes from its pool for small Buffers. */
const POOL = 8_192

describe.each(remoteBackends)('Bytes from $name', backend => {
  it.each(['auto', 'structured', 'raw-bytes'] as const)(
    'keep nothing in memory that came off the wire with them, by codec %s',
    async codec => {
      const cache = openCache(backend, { codec })
      const entries = Array.from(
        { length: 200 },
        (_, index) => [`k${index}`, Buffer.alloc(300, index)] as const,
      )
      await cache.setMany(entries)
      const found = await cache.getMany<Buffer>(entries.map(([key]) => key))
      expect(found.size).toBe(entries.length)
      for (const [key, bytes] of entries) {
        expect(found.get(key)?.equals(bytes)).toBe(true)
        expect(found.get(key)?.buffer.byteLength).toBeLessThanOrEqual(POOL)
      }
    },
  )
})
