import type { InvalidationBus } from '@lookaside/core'
import type { CheckedStore } from '../checking/checked-store.js'
import { hasAddress, redisOf } from '../checking/setting-rules.js'
import type { RedisBusConfig } from '../schema/bus-settings.js'
import type { CacheSettings } from '../schema/cache-settings.js'
import { adapter } from '../stores/adapter.js'
import { given } from '../stores/given.js'
import { REDIS_SERVER_SHAPE, redisServer } from '../stores/redis.js'
import { identity } from './identity.js'

/** A bus that was made by a program, or is to be made here. */
export type BusPlan =
  | { readonly made: InvalidationBus }
  | { readonly identity: string | undefined; open(): Promise<InvalidationBus> }

/** Which bus a cache is to have; `undefined` for none. Tiers before a Redis have one unless told otherwise. */
export function planBus(store: CheckedStore, bus: CacheSettings['bus']): BusPlan | undefined {
  if (bus === false) return undefined
  if (typeof bus === 'object' && 'listen' in bus) return { made: bus }
  const isUsual = store.type === 'tiered' && store.remote.type === 'redis'
  if (bus === undefined && !isUsual) return undefined
  const settings: RedisBusConfig = typeof bus === 'string' ? { mode: bus } : (bus ?? {})
  const { mode, heartbeat, ...where } = hasAddress(settings)
    ? settings
    : { ...serverOf(redisOf(store) ?? {}), ...settings }
  return {
    identity: identity(['bus', { mode, heartbeat }, { ...where, ...redisServer(where) }]),
    async open() {
      const { redisBus } = await adapter('@lookaside/redis', () => import('@lookaside/redis'))
      return redisBus(given(where), given({ mode, heartbeat }))
    },
  }
}

/** Where a Redis is, and who asks, without the rest of its settings. */
function serverOf(config: RedisBusConfig): RedisBusConfig {
  return Object.fromEntries(Object.entries(config).filter(([name]) => name in REDIS_SERVER_SHAPE))
}
