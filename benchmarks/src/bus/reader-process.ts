// A process with a local tier, which tells when it gives up a copy.
import { setImmediate } from 'node:timers/promises'
import { type BusListener, type Cache, createCache, type InvalidationBus } from '@lookaside/core'
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

/** Tells of the copies that the cache has given up. */
function tellDrops(): void {
  const at = monotonic()
  for (const key of held) {
    if (cache?.peek(key) !== undefined) continue
    held.delete(key)
    tell({ type: 'dropped', key, at })
  }
}

/** A bus after whose every word the copies are looked at. */
function watched(bus: InvalidationBus): InvalidationBus {
  if (bus.kind === 'changes') {
    return {
      kind: bus.kind,
      name: bus.name,
      close: () => bus.close(),
      listen: (prefix, listener) =>
        bus.listen(prefix, {
          ...passedOn(listener),
          changed(keys) {
            listener.changed(keys)
            tellDrops()
          },
        }),
    }
  }
  return {
    kind: bus.kind,
    name: bus.name,
    close: () => bus.close(),
    publish: (channel, message) => bus.publish(channel, message),
    listen: (channel, listener) =>
      bus.listen(channel, {
        ...passedOn(listener),
        message(bytes) {
          listener.message(bytes)
          tellDrops()
        },
      }),
  }
}

function passedOn(listener: BusListener): BusListener {
  return {
    up: () => listener.up(),
    down: cause => listener.down(cause),
    flushed: () => listener.flushed(),
  }
}

async function open(url: string, mode: Mode): Promise<void> {
  const bus = watched(redisBus(url, { mode }))
  const opened = createCache({ store: [lruStore({ maxEntries: 10_000 }), redisStore(url)], bus })
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
