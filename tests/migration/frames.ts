import { type Clock, createCache, type Duration, type Stored } from '@lookaside/core'
import { memoryRemoteStore } from '@lookaside/testing'

/** Where `framed` values lie: the wire key of `k` in the cache `p`. */
export const KEY = 'p::k'

/** The bytes of a value as a cache stores it at `KEY`. */
export async function framed(value: unknown, clock: Clock, ttl: Duration = '1h'): Promise<Uint8Array> {
  const store = memoryRemoteStore({ clock })
  const cache = createCache({ store, prefix: 'p', clock, ttl })
  await cache.set('k', value)
  const stored = await store.get(KEY)
  if (stored === undefined) throw new Error('the value was not stored')
  return stored.bytes
}

/** The word that a framed value is, or the text of bytes that are no frame. */
export function wordOf({ bytes }: Stored): string {
  const text = Buffer.from(bytes).toString('latin1')
  return /"(\w+)"$/.exec(text)?.[1] ?? text
}
