import { asyncCacheDedupe } from './async-cache-dedupe.js'
import { bentocache } from './bentocache.js'
import { cacheManager } from './cache-manager.js'
import { cacheable } from './cacheable.js'
import { cachified } from './cachified.js'
import { layeredLoader } from './layered-loader.js'
import { lookaside } from './lookaside.js'
import { lookasideTagged } from './lookaside-tagged.js'
import { lruCache } from './lru-cache.js'
import { ocache } from './ocache.js'
import { rawIoredis } from './raw-ioredis.js'
import { rawMemjs } from './raw-memjs.js'
import type { Subject } from './subject.js'

/** Other libraries that do what ours does. */
export const PEERS: readonly Subject[] = [
  asyncCacheDedupe,
  bentocache,
  cacheManager,
  cacheable,
  cachified,
  layeredLoader,
  ocache,
]

/** Ourselves, and what one would have without a library. */
export const BASICS: readonly Subject[] = [lookaside, lookasideTagged, lruCache, rawIoredis, rawMemjs]
