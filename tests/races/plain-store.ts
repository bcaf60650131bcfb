import type { RemoteStore } from '@lookaside/core'
import type { Backend } from '../backends.js'
import { deletePlainly } from './plain-client.js'

/** Loses a key, as a server does that evicts it or is told to delete it by a program without this library. */
export async function forget(backend: Backend, wireKey: string): Promise<void> {
  if (backend.name === 'memory') await (backend.openStore() as RemoteStore).delete(wireKey)
  else await deletePlainly(backend, wireKey)
}
