import { Worker } from 'node:worker_threads'
import type { Database } from './database.js'
import { queryChannel } from './query-channel.js'

/** Postgres inside this process, in memory: PGlite in a worker thread, which `close()` ends. */
export async function embeddedPostgres(): Promise<Database> {
  const worker = new Worker(new URL('../worker/pglite.mjs', import.meta.url))
  const { query, answered, end } = queryChannel(question => worker.postMessage(question))
  worker.on('message', answered)
  worker.on('error', end)
  worker.on('exit', () => end(new Error('the embedded Postgres is closed')))

  const [version] = await query<{ server_version: string }>('show server_version')
  return {
    name: `Postgres ${version?.server_version} (PGlite, inside this process)`,
    query,
    close: async () => void (await worker.terminate()),
  }
}
