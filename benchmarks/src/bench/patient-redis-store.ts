import type { Duration, RemoteStore } from '@lookaside/core'
import { redisStore } from '@lookaside/redis'

/**
 * How long a store is waited for under load, where it is the benchmark that keeps the machine busy: what is measured
 * is what calls cost, not what happens when they are given up.
 */
export const PATIENCE = '10s' satisfies Duration

/** A Redis that is waited for; to be used with a `storeTimeout` of `PATIENCE`. */
export function patientRedisStore(url: string): RemoteStore {
  return redisStore({ url, connectTimeout: PATIENCE, socketTimeout: PATIENCE })
}
