import { defineConfig } from '@lookaside/config'

/** A memory of each process before the Redis that all of them share. */
export default defineConfig({
  type: 'tiered',
  local: { type: 'lru', maxEntries: 10_000 },
  remote: { type: 'redis', url: '${CACHE_URL:-redis://localhost:6379}' },
  // With tracking Redis tells of every key that changes; with pubsub the caches tell each other.
  bus: '${BUS_MODE:-tracking}',
  prefix: '${CACHE_PREFIX:-cities}',
  ttl: '5m',
  grace: '1h',
})
