import type { CacheError, ChangeBus, ChangeListener } from '@lookaside/core'
import { BusAudience } from './bus-audience.js'
import { busClosed, busName, refused } from './redis-bus-errors.js'
import { RedisFleet } from './redis-fleet.js'
import type { LineTiming } from './redis-line.js'
import type { LineClient } from './redis-line-client.js'
import type { Origin } from './redis-origin.js'

/** Where Redis tells a client over RESP2 of the keys that have changed. */
const INVALIDATIONS = '__redis__:invalidate'
const REMEDY =
  "Tracking takes Redis 6.0 or later, and a user that may run CLIENT ID, CLIENT TRACKING and SUBSCRIBE to __redis__:invalidate; without them use mode 'pubsub'"

/** The keys below one prefix. */
interface Tracker {
  readonly fleet: RedisFleet
  readonly audience: BusAudience<ChangeListener>
}

/**
 * Tells of changed keys by client tracking in broadcast mode.
 *
 * A connection that tracks and subscribes can't be told of further prefixes, and Redis refuses overlapping ones on
 * the same connection. So each prefix that isn't within another one's has a connection of its own, on a Cluster one
 * to each master.
 *
 * See https://redis.io/docs/latest/develop/reference/client-side-caching/
 */
export class RedisTrackingBus implements ChangeBus {
  readonly kind = 'changes'
  readonly name: string
  readonly #origin: Origin
  readonly #timing: LineTiming
  readonly #trackers = new Map<string, Tracker>()
  #closed = false

  constructor(origin: Origin, timing: LineTiming) {
    this.#origin = origin
    this.#timing = timing
    this.name = busName('tracking', origin.target)
  }

  listen(prefix: string, listener: ChangeListener): () => void {
    if (this.#closed) throw busClosed(this.name)
    const wider = [...this.#trackers.keys()].find(known => prefix.startsWith(known))
    const tracked = wider ?? prefix
    const tracker = this.#trackers.get(tracked) ?? this.#track(tracked)
    const leave = tracker.audience.add(tracked === prefix ? listener : within(prefix, listener))
    return () => {
      leave()
      if (tracker.audience.size > 0 || this.#trackers.get(tracked) !== tracker) return
      this.#trackers.delete(tracked)
      tracker.fleet.close(busClosed(this.name))
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { audience, fleet } of this.#trackers.values()) {
      audience.clear()
      fleet.close(busClosed(this.name))
    }
    this.#trackers.clear()
  }

  #track(prefix: string): Tracker {
    const { keyPrefix } = this.#origin
    const audience = new BusAudience<ChangeListener>()
    const fleet = new RedisFleet(this.#origin, this.#timing, {
      async setUp(client, { target }) {
        client.on('messageBuffer', (_channel, keys) => {
          if (keys === null) audience.each(listener => listener.flushed())
          if (!Array.isArray(keys)) return
          const changed = keys.map(key => key.toString().slice(keyPrefix.length))
          audience.each(listener => listener.changed(changed))
        })
        try {
          await trackOn(client, keyPrefix + prefix)
        } catch (error) {
          throw refused(error, target, REMEDY)
        }
      },
      beat: client => client.ping(),
      up: () => audience.up(),
      down: (cause: CacheError) => audience.down(cause),
    })
    const tracker = { fleet, audience }
    this.#trackers.set(prefix, tracker)
    return tracker
  }
}

async function trackOn(client: LineClient, prefix: string): Promise<void> {
  const id = String(await client.call('CLIENT', 'ID'))
  await client.call('CLIENT', 'TRACKING', 'ON', 'REDIRECT', id, 'BCAST', 'PREFIX', prefix)
  await client.subscribe(INVALIDATIONS)
}

/** Passes on what concerns keys that begin with `prefix`. */
function within(prefix: string, listener: ChangeListener): ChangeListener {
  return {
    up: () => listener.up(),
    down: cause => listener.down(cause),
    flushed: () => listener.flushed(),
    changed(keys) {
      const own = keys.filter(key => key.startsWith(prefix))
      if (own.length > 0) listener.changed(own)
    },
  }
}
