// A process with a local tier, which tells when it gives up a copy.
import { setImmediate } from 'node:timers/promises'
import { type Cache, createCache, type LocalStore } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { redisBus, redisStore } from '@lookaside/redis'
import { monotonic } from '../monotonic.js'
import type { Mode, Reply, Request } from './messages.js'

let cache: Cache | undefined
/** The keys that the local tier has now. */
const held = new Set<string>()

function tell(reply: Reply): void {
  process.send?.(reply)
}

/** A local store that tells when it loses what it was seen to have. */
function watched(store: LocalStore): LocalStore {
  return {
    ...store,
    get size() {
      return store.size
    },
    delete(key) {
      const had = store.delete(key)
      if (had && held.delete(key)) tell({ type: 'dropped', key, at: monotonic() })
      return had
    },
  }
}

async function open(url: string, mode: Mode): Promise<void> {
  const local = watched(lruStore({ maxEntries: 10_000 }))
  const bus = mode === 'tracking' ? redisBus(url, { mode }) : redisBus(url, { mode })
  const opened = createCache({ store: [local, redisStore(url)], bus })
  cache = opened
  const up = new Promise<void>(resolve => {
    opened.on(event => {
      if (event.type === 'bus' && event.state === 'up') resolve()
    })
  })
  await opened.ready()
  await up
  tell({ type: 'open' })
}

async function hold(key: string): Promise<void> {
  while (cache?.peek(key) === undefined) {
    await cache?.get(key)
    await setImmediate()
  }
  held.add(key)
  tell({ type: 'held', key })
}

async function serve(request: Request): Promise<void> {
  if (request.type === 'open') await open(request.url, request.mode)
  else if (request.type === 'hold') await hold(request.key)
  else {
    const version = await cache?.get<number>(request.key)
    tell({ type: 'read', key: request.key, version: version ?? 0 })
  }
}

process.on('message', request => {
  serve(request as Request).catch(error => {
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
    process.exit(1)
  })
})
process.on('disconnect', () => process.exit())
