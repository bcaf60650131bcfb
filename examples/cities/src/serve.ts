import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cache } from '@lookaside/core'
import { countQueries, type Database } from './database.js'
import { httpServer } from './http.js'
import { cityQueries } from './queries.js'
import { cityService } from './service.js'

export interface RunningService {
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** The port that was asked for, where another program has it. */
  readonly takenPort: number | undefined
  /** Stops listening; the database and the cache stay open. */
  close(): Promise<void>
}

/** Serves the cities in `database` on loopback, cached in `cache`; port 0, or one that is taken, becomes a free one. */
export async function serve(
  database: Pick<Database, 'name' | 'query'>,
  cache: Cache,
  port = 0,
): Promise<RunningService> {
  const counted = countQueries(database)
  const server = httpServer(cityService(cityQueries(counted), cache), () => ({
    database: { name: database.name, queries: counted.queryCount },
    cache: cache.stats(),
  }))
  const takenPort = await listen(server, port)
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    takenPort,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** Returns the port where it was taken, and listens on a free one then. */
async function listen(server: Server, port: number): Promise<number | undefined> {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return port
  }
}
