// PGlite in a thread of its own: its queries occupy the CPU, and must not keep the service from answering.
// Plain JavaScript, because Node itself loads it, from beside src/ and from beside dist/ alike.
import { parentPort } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'

const postgres = await PGlite.create()

parentPort?.on('message', async ({ id, sql, values }) => {
  try {
    const { rows } = await postgres.query(sql, values)
    parentPort?.postMessage({ id, rows })
  } catch (error) {
    parentPort?.postMessage({ id, error: error instanceof Error ? error.message : String(error) })
  }
})
