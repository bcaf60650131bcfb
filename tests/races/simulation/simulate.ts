import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Cache,
  type CacheErrorCode,
  type CacheEvent,
  isCacheError,
  type LoadContext,
} from '@lookaside/core'
import type { ManualClock } from '@lookaside/testing'
import { History, type Row, type Tick } from './history.js'
import type { Actor, ReadingStep, Step } from './program.js'
import type { Turn } from './scheduled-store.js'

/** What a simulation needs of a cache: ours has it, and so do the variants that must fail. */
export interface SimulatedCache
  extends Pick<Cache, 'getOrSet' | 'get' | 'set' | 'delete' | 'deleteMany' | 'expire'> {
  on?(listener: (event: CacheEvent) => void): () => void
}

/** Where a simulation takes place. */
export interface World {
  readonly caches: readonly SimulatedCache[]
  readonly clock: ManualClock
  readonly turn: Turn
  /** Whether store calls may time out: then a refresh promises nothing beyond its own answer. */
  readonly timeouts: boolean
  /** The codes of errors that a call may reject with, beside those of its loader. */
  readonly refusals?: readonly CacheErrorCode[]
  /** Deletes a key as a program without this library would. */
  readonly deletePlainly?: (key: string) => Promise<unknown>
}

/** The key that it is all about. */
export const KEY = 'row'

const DOWN = new Error('database down')
const LEFT = new Error('the caller has left')

/** Notes that the call in whose course it is set was answered with a stale value. */
interface CallNotes {
  stale: boolean
}

/** Events are told synchronously in the course of the call that they are about. */
const currentCall = new AsyncLocalStorage<CallNotes>()

/** Runs a program, lets every cache read once more, and returns what happened. */
export async function simulate(program: readonly Actor[], world: World): Promise<History> {
  const { caches, clock, turn, timeouts, deletePlainly, refusals = [] } = world
  const history = new History()
  const database = { version: 0 }
  /** When a read of each cache was last left unanswered. */
  const unanswered = new Map<SimulatedCache, Tick>()
  /** The caches that don't ask a store which has not taken what they have invalidated. */
  const blocked = new Set<SimulatedCache>()
  for (const cache of caches) {
    cache.on?.(event => {
      if (event.type === 'store-error' && event.operation === 'get') {
        unanswered.set(cache, history.tick('a read is left unanswered'))
      }
      if (event.type === 'invalidation-queued') blocked.add(cache)
      if (event.type === 'invalidation-delivered' || event.type === 'invalidation-expired')
        blocked.delete(cache)
      const notes = currentCall.getStore()
      if (notes !== undefined && event.type === 'hit' && event.stale) notes.stale = true
    })
  }

  async function load(step: ReadingStep, context?: LoadContext): Promise<Row> {
    const began = history.tick('a load begins')
    await turn('the query arrives')
    const { version } = database
    await turn('the query is answered')
    if (step.loader === 'fails') throw DOWN
    if (step.loader === 'returns noStore()') context?.noStore()
    return { version, began, by: 'load' }
  }

  async function getOrSet(cache: SimulatedCache, step: ReadingStep): Promise<void> {
    const refresh = step.do === 'refresh'
    const began = history.tick(`${step.do} begins, its loader ${step.loader}`)
    const notes: CallNotes = { stale: false }
    const blockedBefore = blocked.has(cache)
    const signal = step.leaving === true ? leavingSignal() : undefined
    const row = await currentCall
      .run(notes, () => cache.getOrSet(KEY, context => load(step, context), { refresh, signal }))
      .catch(error => {
        if (error === DOWN || error === LEFT) return
        if (!refusals.some(code => isCacheError(error, code))) throw error
      })
    if (row === undefined) return
    // Whom the store leaves unanswered shares whatever load there is: nobody could tell it of an invalidation.
    const unread = blockedBefore || blocked.has(cache) || (unanswered.get(cache) ?? 0) > began
    const untold = timeouts && unread
    if (!untold) history.served(row, began, notes.stale)
    if (!refresh) return
    history.forced(row, began)
    if (!timeouts) history.invalidated('overwrite', began)
  }

  function leavingSignal(): AbortSignal {
    const leaving = new AbortController()
    void turn('the caller leaves').then(() => leaving.abort(LEFT))
    return leaving.signal
  }

  async function set(cache: SimulatedCache): Promise<void> {
    const began = history.tick('set begins')
    const stored = await cache.set(KEY, { version: database.version, began, by: 'set' } satisfies Row)
    if (!stored) return
    history.stored(began)
    history.invalidated('overwrite', began)
  }

  async function invalidate(kind: 'delete' | 'expire', tell: () => Promise<boolean>): Promise<void> {
    database.version++
    const began = history.tick(`a write is committed, ${kind} begins`)
    if (await tell()) history.invalidated(kind, began)
  }

  async function take(step: Step, cache: SimulatedCache): Promise<void> {
    switch (step.do) {
      case 'get': {
        const began = history.tick('get begins')
        const row = await cache.get<Row>(KEY)
        if (row !== undefined) history.served(row, began)
        return
      }
      case 'getOrSet':
      case 'refresh':
        await Promise.all(Array.from({ length: step.callers ?? 1 }, () => getOrSet(cache, step)))
        return
      case 'set':
        return set(cache)
      case 'write and delete':
        return invalidate('delete', () => cache.delete(KEY))
      case 'write and deleteMany':
        return invalidate('delete', () => cache.deleteMany(['other', KEY]))
      case 'write and expire':
        return invalidate('expire', () => cache.expire(KEY))
      case 'write and delete plainly':
        return invalidate('delete', async () => (await deletePlainly?.(KEY)) !== undefined)
      case 'let others go first':
        return turn('the others went first', step.turns)
      case 'let time pass':
        history.tick(`${step.ms} ms pass`)
        return clock.advance(step.ms)
    }
  }

  async function act({ cache, invalidatesThrough = cache, steps }: Actor): Promise<void> {
    for (const step of steps) {
      await turn('the next step')
      const through = step.do.startsWith('write and') ? invalidatesThrough : cache
      await take(step, caches[through] as SimulatedCache)
    }
  }

  await Promise.all(program.map(act))
  for (const cache of caches) {
    await take({ do: 'get' }, cache)
    await take({ do: 'getOrSet', loader: 'fails' }, cache)
    await take({ do: 'getOrSet', loader: 'returns' }, cache)
  }
  return history
}
