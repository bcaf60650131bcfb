import {
  type Clock,
  checkOptions,
  type Duration,
  type Entry,
  type Guard,
  type GuardOption,
  type Milliseconds,
  parseDuration,
} from '@lookaside/core'

/** What `staleWhileRevalidate` can be told. */
export interface StaleWhileRevalidateOptions {
  /** How long a caller waits for the fresh value before it is served the stale one. @default 0, not at all */
  readonly softTimeout?: Duration | undefined
}

declare module '@lookaside/core' {
  interface LoadOptions {
    /** How long a caller with a stale value within grace waits for a fresh one, by `staleWhileRevalidate`. @default the guard's */
    readonly softTimeout?: Duration | undefined
  }
}

const SOFT_TIMEOUT: GuardOption<Milliseconds> = { name: 'softTimeout', parse: parseSoftTimeout }

/**
 * Serves the stale value within grace, and refreshes it in the background.
 *
 * With `softTimeout` a caller first waits that long for the fresh value. The load goes on and is stored when it is
 * done, also after the old value has died. Without a stale value callers wait, up to `hardTimeout`. It serves what
 * `grace` keeps: without grace there is nothing stale to serve.
 *
 * @throws CacheError `ERR_CACHE_DURATION` for a bad `softTimeout`.
 *
 * @example
 * const cache = createCache({ store, guard: staleWhileRevalidate({ softTimeout: '100ms' }), ttl: '1m', grace: '1h' })
 */
export function staleWhileRevalidate(options: StaleWhileRevalidateOptions = {}): Guard {
  checkOptions('staleWhileRevalidate', options, ['softTimeout'])
  const ownTimeout = options.softTimeout === undefined ? 0 : parseSoftTimeout(options.softTimeout)
  return {
    name: 'stale-while-revalidate',
    options: [SOFT_TIMEOUT],
    async run(flight, next) {
      const { present } = flight
      const fresh = next(flight)
      if (present === undefined || flight.reason === 'early') return fresh
      const patience = flight.option(SOFT_TIMEOUT) ?? ownTimeout
      return orElse(present, fresh, patience, flight.clock, () => flight.background(fresh))
    },
    async join(passenger, outcome) {
      const { present } = passenger
      if (present === undefined) return outcome
      const patience = passenger.option(SOFT_TIMEOUT) ?? ownTimeout
      return orElse(present, outcome, passenger.reason === 'early' ? 0 : patience, passenger.clock)
    },
  }
}

/** What is fresh, or what is present where that takes longer than `patience`, unless it has died meanwhile. */
function orElse<V>(
  present: Entry<V>,
  fresh: Promise<Entry<V>>,
  patience: Milliseconds,
  clock: Clock,
  served?: () => void,
): Promise<Entry<V>> {
  return new Promise((resolve, reject) => {
    const servePresent = () => {
      if (clock.now() >= present.deleteAt) return
      served?.()
      resolve(present)
    }
    if (patience === 0) servePresent()
    const cancel = patience === 0 ? undefined : clock.timer(patience, servePresent)
    fresh.then(resolve, reject).finally(cancel)
  })
}

function parseSoftTimeout(softTimeout: unknown): Milliseconds {
  return parseDuration(softTimeout as Duration, 'softTimeout')
}
