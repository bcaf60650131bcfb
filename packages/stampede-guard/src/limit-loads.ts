import { AsyncLocalStorage } from 'node:async_hooks'
import { CacheError, checkOptions, flightWith, type Guard, quote } from '@lookaside/core'
import { batchPlace, ownPlace } from './load-place.js'
import { type LoadSlot, LoadSlots } from './load-slots.js'

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

const inside = new AsyncLocalStorage<Place>()

/**
 * Lets only so many loads run at once in this process; the others wait in line, first come, first served.
 *
 * A call that finds the line full gets a stale value within grace, else it rejects with `ERR_CACHE_LOAD_LIMIT`. The wait
 * counts towards `hardTimeout`. A load takes its place before it claims its key, so that no claim waits idle, and
 * lends it out while it waits for another load. Loads that a loader asks for are exempt, refreshes included. A load is over when it was aborted, whether or not its loader heeds the signal; a loader that gives up
 * waiting for another goes on at once. The loads of one `getOrSetMany`, which one call of its loader brings, count as one.
 * Caches that share the guard share the limit.
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
    run(flight, next) {
      const around = inside.getStore()
      const waiting = heldSlots(around)
      const lending = new Lending(waiting)
      const scope = per === 'cache' ? '' : flight.path
      const slots = scopes.enter(scope)
      const { batch, signal } = flight
      const place = batch === undefined ? ownPlace(slots, signal) : batchPlace(slots, batch, signal)
      const takePlace = async () => {
        // What a load asks for could wait for that load's own place.
        if (place.held || waiting.length > 0) return
        // One that the batch has already, or stands in line for, is no new one.
        if (slots.full && !place.wanted) {
          flight.emit({ type: 'load-refused', key: flight.key, cause: 'limit' })
          throw loadLimit(flight.key, concurrency, queue)
        }
        await place.take()
      }
      // Some of it may go on in the background, when this has returned.
      void flight.ended.then(() => {
        lending.end()
        place.giveBack()
        scopes.leave(scope)
      })
      return next(
        flightWith(flight, {
          async claim(ttl) {
            // To be told that somebody else loads takes no place.
            if (!flight.held) await takePlace()
            const claim = await flight.claim(ttl)
            if (claim === 'held' || claim === 'present') place.giveBack()
            if (claim === 'held') lending.begin()
            else lending.end()
            return claim
          },
          async load(claim) {
            lending.end()
            await takePlace()
            try {
              return await inside.run({ slot: place.slot, around }, () => flight.load(claim))
            } finally {
              place.giveBack()
            }
          },
        }),
      )
    },
    async join({ clock, signal }, outcome) {
      const places = heldSlots(inside.getStore())
      if (places.length === 0) return outcome
      // Whoever is answered at once keeps its place.
      const answered = outcome.then(
        () => true,
        () => true,
      )
      if (await Promise.race([answered, clock.sleep(0, signal).then(() => false)])) return outcome
      return places.reduce((work, place) => place.lendDuring(work, signal), outcome)
    },
  }
}

/** The place of the load that a call comes from, within that of another where loads are nested. */
interface Place {
  readonly slot: LoadSlot
  readonly around: Place | undefined
}

function heldSlots(place: Place | undefined): LoadSlot[] {
  if (place === undefined) return []
  return place.slot.held ? [place.slot, ...heldSlots(place.around)] : heldSlots(place.around)
}

/** Lends the places of the loads that wait for this one. */
class Lending {
  readonly #slots: readonly LoadSlot[]
  #ends: (() => Promise<void>)[] = []

  constructor(slots: readonly LoadSlot[]) {
    this.#slots = slots
  }

  begin(): void {
    if (this.#ends.length === 0) this.#ends = this.#slots.map(slot => slot.lend())
  }

  end(): void {
    // A load that was aborted meanwhile has no more use for its place.
    for (const end of this.#ends) end().catch(() => {})
    this.#ends = []
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
