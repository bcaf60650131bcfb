import type { RemoteStore } from '@lookaside/core'
import type { Backend } from '../backends.js'

/** A store that refuses what takes more than 2,000 bytes. */
export function smallStore(backend: Backend): RemoteStore {
  return { ...(backend.openStore() as RemoteStore), limits: { maxValueBytes: 2_000, ttlStep: 1 } }
}
