import {
  CacheError,
  checkOptions,
  type Duration,
  type Failure,
  type Flight,
  flightWith,
  type Guard,
  type Milliseconds,
} from '@lookaside/core'
import { positiveDuration } from './positive-duration.js'

const DEFAULT_INITIAL: Milliseconds = 50
const DEFAULT_MAX: Milliseconds = 1_000
/** A failure is remembered for an hour. */
const LONGEST_MAX: Milliseconds = 1_800_000

/** What `backOff` can be told. */
export interface BackOffOptions {
  /** The pause after a first failure, at least 1 ms; it doubles with each further one. @default '50ms', or max where that is less */
  readonly initial?: Duration | undefined
  /** The longest pause, at most 30 minutes, after which a recovered database is seen. @default '1s', or initial where that is more */
  readonly max?: Duration | undefined
}

/**
 * Spares a database that fails: after a failed load of a key the next one waits out a pause.
 *
 * The pause doubles with each failure in a row. Until it is over callers get the stale value within grace, or the very
 * error that the last load rejected with. A success ends it, and so does an invalidation of the key in this process;
 * a forced refresh does not heed it. Each process counts for itself.
 *
 * @throws CacheError `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` for bad options.
 *
 * @example
 * const cache = createCache({ store, guard: composeGuards(backOff({ max: '5s' }), singleFlight()) })
 */
export function backOff(options: BackOffOptions = {}): Guard {
  checkOptions('backOff', options, ['initial', 'max'])
  const most = positiveDuration('max of backOff', options.max, DEFAULT_MAX)
  const initial = positiveDuration('initial of backOff', options.initial, Math.min(DEFAULT_INITIAL, most))
  const max = options.max === undefined ? Math.max(most, initial) : most
  if (max < initial || max > LONGEST_MAX) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `max of backOff must be from its initial ${initial} ms to 30 minutes; received ${max} ms`,
    )
  }

  /** The failure whose pause is not over. */
  function pausing({ reason, failure, clock }: Flight<unknown>): Failure | undefined {
    if (failure === undefined || reason === 'forced') return undefined
    const pause: Milliseconds = Math.min(max, initial * 2 ** (failure.times - 1))
    return clock.monotonic() < failure.at + pause ? failure : undefined
  }

  return {
    name: 'back-off',
    async run(flight, next) {
      const refuse = ({ error }: Failure): never => {
        flight.emit({ type: 'load-refused', key: flight.key, cause: 'back-off' })
        // Where there is a stale value, the cache serves it instead.
        throw error
      }
      const failure = pausing(flight)
      if (failure !== undefined) return refuse(failure)
      return next(
        flightWith(flight, {
          // Another load of the key may have failed while this one waited for its claim.
          async load(claim) {
            const meanwhile = pausing(flight)
            return meanwhile === undefined ? flight.load(claim) : refuse(meanwhile)
          },
        }),
      )
    },
  }
}
