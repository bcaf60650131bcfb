import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { CacheDefaults } from '@lookaside/config'
import type { Cache, Duration } from '@lookaside/core'
import type { Backend } from './backends.js'
import { countQueries, type Database } from './database.js'
import { openBackend } from './open-backend.js'
import { type Country, cityQueries } from './queries.js'

/** What a cache does about a crowd. */
export interface Protection {
  readonly name: string
  readonly options: Pick<CacheDefaults, 'guard'>
  readonly grace: Duration
}

export const UNGUARDED: Protection = { name: 'guard: false', options: { guard: false }, grace: 0 }
/** A cache from a config has `stampedeGuard()` by itself. */
export const GUARDED: Protection = { name: 'stampedeGuard()', options: {}, grace: 0 }
export const GRACEFUL: Protection = { name: 'with grace: 1m', options: {}, grace: '1m' }

/** In the order in which they are shown. */
export const PROTECTIONS = [UNGUARDED, GUARDED, GRACEFUL] as const

/** The three times that a crowd comes; where nothing is kept, the first only. */
export const MOMENTS = ['nothing is cached', 'it expires', 'it has expired'] as const

/** One of the times that the crowd came, and what that took. */
export interface Moment {
  readonly when: (typeof MOMENTS)[number]
  readonly callers: number
  /** How many of the callers got what the database says. */
  readonly right: number
  /** Queries that reached the database. */
  readonly queries: number
  /** Queries whose answer was cached: the others were too many. */
  readonly stored: number
  /** Callers for whom the cache had neither a fresh nor a stale value. */
  readonly waited: number
  /** Half of the callers waited no longer than that, in milliseconds. */
  readonly median: number
  readonly longest: number
}

/** Whether one of the answers was cached: without a guard the others were asked for in vain. */
export function isOneStored({ stored }: Moment): boolean {
  return stored === 1
}

/** Whether no query was one too many: a steady crowd refreshes ahead of expiry, twice where the machine is slow. */
export function isOnePerValue({ when, queries, stored }: Moment): boolean {
  return queries === stored && (when === 'it expires' ? queries >= 1 : queries === 1)
}

export interface Herd {
  readonly protection: Protection
  readonly moments: readonly Moment[]
  /** Calls that the server did not answer in time: then each cache is left to itself. */
  readonly storeErrors: number
  /** How long this process was kept from running its timers, in milliseconds: who renews a claim late may lose it. */
  readonly longestStall: number
}

export interface HerdOptions {
  /** Where the caches keep their values, under `prefix`; nothing is there yet. */
  readonly backend: Backend
  readonly prefix: string
  /** How many caches the crowd is spread over, each with connections and flights of its own, as processes have. */
  readonly caches: number
  readonly protection: Protection
  readonly database: Pick<Database, 'query'>
  /** The country whose totals everybody asks for. */
  readonly country: string
  /** How long the query takes, in milliseconds; the herd keeps its shape on a slow machine and on a fast one. */
  readonly queryTime: number
}

/** How many callers come while one query runs. */
const CALLERS = 12

// All of these are multiples of the query's time.
const TTL = 24
const CROWD = 1.5
const BEFORE_EXPIRY = 10
const AFTER_EXPIRY = 2

const KEY = 'country'

/** The time to live and the pause between two callers, in milliseconds. */
export function paceOf(queryTime: number): { readonly ttl: number; readonly every: number } {
  return { ttl: Math.round(TTL * queryTime), every: queryTime / CALLERS }
}

/** Sends a crowd to one key: while nothing is cached, steadily through the expiry, and once it has expired. */
export async function herd(options: HerdOptions): Promise<Herd> {
  const { backend, database, country, queryTime, protection } = options
  const { ttl, every } = paceOf(queryTime)
  const howLong = { ttl, grace: protection.grace }
  const counted = countQueries(database)
  const queries = cityQueries(counted)
  const expected = await queries.country(country)
  const background: Promise<unknown>[] = []
  const caches = await openCaches(options, work => background.push(work))
  const { storeErrors } = totals(caches)
  const stalls = monitorEventLoopDelay({ resolution: 5 })
  stalls.enable()

  async function moment(when: Moment['when'], duration: number): Promise<Moment> {
    const before = { queries: counted.queryCount, ...totals(caches) }
    const callers = Math.round(duration * CALLERS)
    const calls = await crowd(caches, callers, every, cache =>
      cache.getOrSet(KEY, () => queries.country(country), howLong),
    )
    // A refresh that nobody waited for belongs to its moment all the same.
    await Promise.all(background)
    const after = { queries: counted.queryCount, ...totals(caches) }
    const waits = calls.map(({ ms }) => ms).sort((a, b) => a - b)
    return {
      when,
      callers,
      right: calls.filter(({ answer }) => isDeepStrictEqual(answer, expected)).length,
      queries: after.queries - before.queries,
      stored: after.stored - before.stored,
      waited: callers - (after.answered - before.answered),
      median: waits[waits.length >> 1] ?? Number.NaN,
      longest: waits.at(-1) ?? Number.NaN,
    }
  }

  async function* moments(): AsyncGenerator<Moment> {
    yield moment('nothing is cached', CROWD)
    if (!backend.keeps) return
    await beforeExpiry(caches, BEFORE_EXPIRY * queryTime)
    yield moment('it expires', BEFORE_EXPIRY + AFTER_EXPIRY)
    await beforeExpiry(caches, 0)
    yield moment('it has expired', CROWD)
  }

  try {
    const seen: Moment[] = []
    for await (const each of moments()) seen.push(each)
    return {
      protection,
      moments: seen,
      storeErrors: totals(caches).storeErrors - storeErrors,
      longestStall: stalls.max / 1e6,
    }
  } finally {
    stalls.disable()
    await Promise.all(caches.map(cache => cache.close()))
  }
}

async function openCaches(
  { backend, prefix, caches, protection }: HerdOptions,
  waitUntil: (work: Promise<unknown>) => void,
): Promise<Cache[]> {
  // Patient with the store: on a busy machine a slow hit would count as a miss.
  const defaults = { storeTimeout: '2s', waitUntil, ...protection.options } as const
  const env = { CACHE_PREFIX: prefix }
  const opened = await Promise.all(Array.from({ length: caches }, () => openBackend(backend, defaults, env)))
  // So that no caller has to wait for the connection.
  await Promise.all(opened.map(cache => cache.has(KEY)))
  return opened
}

interface Call {
  readonly answer: Country | undefined
  readonly ms: number
}

/** Calls one cache after the other, at an even pace, whether or not earlier calls have been answered. */
async function crowd(
  caches: readonly Cache[],
  callers: number,
  every: number,
  ask: (cache: Cache) => Promise<Country | undefined>,
): Promise<Call[]> {
  const calls: Promise<Call>[] = []
  const start = performance.now()
  for (const cache of inTurn(caches)) {
    if (calls.length === callers) break
    const due = start + calls.length * every - performance.now()
    if (due > 0) await sleep(due)
    calls.push(call(() => ask(cache)))
  }
  return Promise.all(calls)
}

async function call(ask: () => Promise<Country | undefined>): Promise<Call> {
  const start = performance.now()
  const answer = await ask()
  return { answer, ms: performance.now() - start }
}

function* inTurn<T>(items: readonly T[]): Generator<T> {
  while (items.length > 0) yield* items
}

/** What the caches have stored so far, and how many calls they have answered from it, fresh or stale. */
function totals(caches: readonly Cache[]): { stored: number; answered: number; storeErrors: number } {
  const total = { stored: 0, answered: 0, storeErrors: 0 }
  for (const { hits, staleHits, commits, storeErrors } of caches.map(cache => cache.stats())) {
    total.stored += commits
    total.answered += hits.local + hits.remote + staleHits
    total.storeErrors += storeErrors
  }
  return total
}

/** Resolves so many milliseconds before the value expires. */
async function beforeExpiry([cache]: readonly Cache[], ahead: number): Promise<void> {
  while (true) {
    const found = await cache?.lookup(KEY)
    const left = found?.state === 'fresh' ? found.staleAt - Date.now() - ahead : 0
    if (left <= 0) return
    await sleep(left)
  }
}
