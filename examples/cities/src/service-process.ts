import { fromEnv } from '@lookaside/config'
import { parentDatabase } from './parent-database.js'
import { serve } from './serve.js'
import { BUS_MODES, environmentIn, type Greeting } from './start-process.js'

/** Runs the service once for each mode of the bus, for the process that has started this one, until that stops it. */
export async function serveParent(): Promise<void> {
  // The terminal interrupts all of them; without its parent this one has no database, and nobody who asks.
  process.on('SIGINT', () => {})
  process.once('disconnect', () => process.exit())
  try {
    const database = parentDatabase()
    const services = await Promise.all(
      BUS_MODES.map(async mode => {
        const own = environmentIn(mode, process.env['CACHE_PREFIX'])
        const cache = await fromEnv({ storeTimeout: '2s' }, { ...process.env, ...own })
        const { url, close } = await serve(database, cache)
        return { url, close: () => close().then(() => cache.close()) }
      }),
    )
    process.once('SIGTERM', async () => {
      await Promise.all(services.map(({ close }) => close()))
      process.disconnect?.()
    })
    greet({ urls: services.map(({ url }) => url) })
  } catch (error) {
    greet({ failed: error instanceof Error ? error.message : String(error) })
  }
}

function greet(greeting: Greeting): void {
  process.send?.(greeting)
}
