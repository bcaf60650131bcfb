import { createCache } from 'cache-manager'
import { Loader } from 'layered-loader/core'
import type { Subject } from '../../subjects/subject.js'
import { LOAD_TIME } from './scenarios.js'

/** How long before expiry a hit refreshes, always: long enough for a load that takes twice as long as they do. */
const AHEAD = 2 * LOAD_TIME

/** layered-loader with its `ttlLeftBeforeRefreshInMsecs`. */
export const layeredLoaderAhead: Subject = {
  name: 'layered-loader, refresh ahead',
  packages: ['layered-loader'],
  async open(place, load, ttl) {
    if (place.kind !== 'local') return undefined
    const loader = new Loader<unknown>({
      inMemoryCache: { ttlInMsecs: ttl, maxItems: place.maxEntries, ttlLeftBeforeRefreshInMsecs: AHEAD },
      dataSourceGetOneFn: load,
    })
    return { get: key => loader.get(key), close: async () => {} }
  },
}

/** cache-manager with its `refreshThreshold`. */
export const cacheManagerAhead: Subject = {
  name: 'cache-manager, refresh ahead',
  packages: ['cache-manager'],
  async open(place, load, ttl) {
    if (place.kind !== 'local') return undefined
    const cache = createCache({ ttl, refreshThreshold: AHEAD })
    return { get: key => cache.wrap(key, () => load(key)), close: () => cache.disconnect() }
  },
}
