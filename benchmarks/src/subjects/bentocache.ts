import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisDriver } from 'bentocache/drivers/redis'
import { Redis } from 'ioredis'
import type { Place, Subject } from './subject.js'

/** bentocache with one tier: memory or Redis. */
export const bentocache: Subject = {
  name: 'bentocache',
  packages: ['bentocache'],
  less: { local: 'more: parses JSON for each reader, its default' },
  async open(place, load, ttl) {
    const tier = tierAt(place)
    if (tier === undefined) return undefined
    const bento = new BentoCache({ default: 'cache', ttl, stores: { cache: tier } })
    return {
      get: key => bento.getOrSet({ key, factory: () => load(key) }),
      close: () => bento.disconnectAll(),
    }
  },
}

function tierAt(place: Place) {
  if (place.kind === 'local') return bentostore().useL1Layer(memoryDriver({ maxItems: place.maxEntries }))
  if (place.kind === 'redis') {
    return bentostore().useL2Layer(redisDriver({ connection: new Redis(place.url) }))
  }
  return undefined
}
