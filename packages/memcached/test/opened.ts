import type { RemoteStore } from '@lookaside/core'
import { onTestFinished } from 'vitest'
import { type MemcachedStoreOptions, memcachedStore } from '../src/index.js'
import { MemcachedClient } from '../src/memcached-client.js'
import { type MemcachedServerSettings, memcachedSettings } from '../src/memcached-options.js'
import { type Script, type ScriptedServer, scriptedServer } from './scripted-server.js'

/** A store that is closed when the test is over. */
export function openStore(options: string | MemcachedStoreOptions): RemoteStore {
  const store = memcachedStore(options)
  onTestFinished(() => store.close())
  return store
}

/** A scripted server that is stopped when the test is over. */
export async function openServer(script: Script): Promise<ScriptedServer> {
  const server = await scriptedServer(script)
  onTestFinished(() => server.stop())
  return server
}

/** A store on a client of ours that the test holds too; closed when the test is over. */
export function openClient(
  port: number,
  settings: Partial<MemcachedServerSettings> = {},
): { store: RemoteStore; client: MemcachedClient } {
  const client = new MemcachedClient([{ host: '127.0.0.1', port }], { ...memcachedSettings(), ...settings })
  onTestFinished(() => client.close())
  return { store: memcachedStore({ client }), client }
}
