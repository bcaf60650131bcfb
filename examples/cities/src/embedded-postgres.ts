import { Worker } from 'node:worker_threads'
import type { Database } from './database.js'

type Answer =
  | { readonly id: number; readonly rows: unknown[] }
  | { readonly id: number; readonly error: string }

interface Question {
  resolve(rows: unknown[]): void
  reject(error: Error): void
}

/** Postgres inside this process, in memory: PGlite in a worker thread, which `close()` ends. */
export async function embeddedPostgres(): Promise<Database> {
  const worker = new Worker(new URL('../worker/pglite.mjs', import.meta.url))
  const open = new Map<number, Question>()
  let lastId = 0
  let ended: Error | undefined

  worker.on('message', (answer: Answer) => {
    const question = open.get(answer.id)
    open.delete(answer.id)
    if ('rows' in answer) question?.resolve(answer.rows)
    else question?.reject(new Error(`Postgres: ${answer.error}`))
  })
  worker.on('error', fail)
  worker.on('exit', () => fail(new Error('the embedded Postgres is closed')))

  function fail(error: Error) {
    ended = error
    for (const question of open.values()) question.reject(error)
    open.clear()
  }

  async function query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    if (ended !== undefined) throw ended
    const rows = await new Promise<unknown[]>((resolve, reject) => {
      open.set(++lastId, { resolve, reject })
      worker.postMessage({ id: lastId, sql, values })
    })
    return rows as Row[]
  }

  const [version] = await query<{ server_version: string }>('show server_version')
  return {
    name: `Postgres ${version?.server_version} (PGlite, inside this process)`,
    query,
    close: async () => void (await worker.terminate()),
  }
}
