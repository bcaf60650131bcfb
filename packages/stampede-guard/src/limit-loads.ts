import { AsyncLocalStorage } from 'node:async_hooks'
import { CacheError, checkOptions, flightWith, type Guard, quote } from '@lookaside/core'
import { LoadSlot, LoadSlots } from './load-slots.js'

/** What `limitLoads` can be told. */
export interface LimitLoadsOptions {
  /** How many loads run at once in this process, an integer from 1; the size of the database's pool is a good choice. */
  readonly concurrency: number
  /** How many more may wait for their turn, an integer from 0, or `Infinity`. @default 1_000 */
  readonly queue?: number | undefined
  /** Whether all keys share the limit, or each namespace has one of its own. @default 'cache' */
  readonly per?: 'cache' | 'namespace' | undefined
}

const DEFAULT_QUEUE = 1_000

/** The place of the load that a call comes from. */
const inside = new AsyncLocalStorage<LoadSlot>()

/**
 * Lets only so many loads run at once in this process; the others wait in line, first come, first served.
 *
 * A call that finds the line full gets a stale value within grace, else it rejects with `ERR_CACHE_LOAD_LIMIT`. The wait
 * counts towards `hardTimeout`. A load takes its place before it claims its key, so that no claim waits idle, and
 * gives it back while it waits for others. Loads that a loader asks for are exempt: they could wait for their own
 * caller's place. A loader that gives up such a wait goes on at once, beside whoever has its place by then. Caches that share the guard share the limit.
 *
 * @throws CacheError `ERR_CACHE_OPTION` for bad options.
 *
 * @example
 * const cache = createCache({ store, guard: composeGuards(singleFlight(), limitLoads({ concurrency: 20 })) })
 */
export function limitLoads(options: LimitLoadsOptions): Guard {
  checkOptions('limitLoads', options ?? {}, ['concurrency', 'queue', 'per'])
  const { concurrency, queue = DEFAULT_QUEUE, per = 'cache' } = options ?? {}
  checkCount('concurrency', concurrency, 1, Number.MAX_SAFE_INTEGER)
  checkCount('queue', queue, 0, Number.POSITIVE_INFINITY)
  if (per !== 'cache' && per !== 'namespace') {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `per of limitLoads must be 'cache' or 'namespace'; received ${quote(per)}`,
    )
  }
  const scopes = new Scopes(concurrency, queue)

  return {
    name: 'limit-loads',
    async run(flight, next) {
      if (inside.getStore()?.held === true) return next(flight)
      const scope = per === 'cache' ? '' : flight.path
      const slots = scopes.enter(scope)
      const slot = new LoadSlot(slots, flight.signal)
      const takePlace = async () => {
        if (slot.held) return
        if (slots.full) {
          flight.emit({ type: 'load-refused', key: flight.key, cause: 'limit' })
          throw loadLimit(flight.key, concurrency, queue)
        }
        await slot.take()
      }
      const limited = flightWith(flight, {
        async claim(ttl) {
          // To be told that somebody else loads takes no place.
          if (flight.held) return flight.claim(ttl)
          await takePlace()
          const claim = await flight.claim(ttl)
          if (claim === 'held' || claim === 'present') slot.giveBack()
          return claim
        },
        async load(claim) {
          await takePlace()
          return inside.run(slot, () => flight.load(claim))
        },
      })
      try {
        return await next(limited)
      } finally {
        slot.giveBack()
        scopes.leave(scope)
      }
    },
    join({ present, signal }, outcome) {
      const slot = inside.getStore()
      // Who has something present need not wait for long.
      const lends = slot?.held === true && present === undefined
      return lends ? slot.lendDuring(outcome, signal) : outcome
    },
  }
}

/** The places of each scope, for as long as somebody uses them. */
class Scopes {
  readonly #concurrency: number
  readonly #queue: number
  readonly #byName = new Map<string, { readonly slots: LoadSlots; users: number }>()

  constructor(concurrency: number, queue: number) {
    this.#concurrency = concurrency
    this.#queue = queue
  }

  enter(name: string): LoadSlots {
    const scope = this.#byName.get(name) ?? { slots: new LoadSlots(this.#concurrency, this.#queue), users: 0 }
    scope.users++
    this.#byName.set(name, scope)
    return scope.slots
  }

  leave(name: string): void {
    const scope = this.#byName.get(name)
    if (scope === undefined) return
    scope.users--
    if (scope.users === 0) this.#byName.delete(name)
  }
}

function checkCount(what: string, count: number, least: number, most: number): void {
  const whole = Number.isInteger(count) || count === Number.POSITIVE_INFINITY
  if (whole && count >= least && count <= most) return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} of limitLoads must be an integer from ${least}${most === Number.POSITIVE_INFINITY ? ', or Infinity' : ''}; received ${quote(count)}`,
  )
}

function loadLimit(key: string, concurrency: number, queue: number): CacheError {
  return new CacheError(
    'ERR_CACHE_LOAD_LIMIT',
    `'${key}' can't be loaded now: ${concurrency} loads run and ${queue} wait, which is the limit; retry later, raise limitLoads' concurrency or queue, or set grace so that a stale value is served`,
  )
}
