import { AsyncLocalStorage } from 'node:async_hooks'
import type { Cache, CacheEvent, LoadContext } from '@lookaside/core'
import type { ManualClock } from '@lookaside/testing'
import { History, type Row } from './history.js'
import type { Actor, Step } from './program.js'
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
}

const KEY = 'row'
const DOWN = new Error('database down')

/** Notes that the call in whose course it is set was answered with a stale value. */
interface CallNotes {
  stale: boolean
}

/** Events are told synchronously in the course of the call that they are about. */
const currentCall = new AsyncLocalStorage<CallNotes>()

/** Runs a program, lets every cache read once more, and returns what happened. */
export async function simulate(program: readonly Actor[], world: World): Promise<History> {
  const { caches, clock, turn, timeouts } = world
  const history = new History()
  const database = { version: 0 }
  for (const cache of caches) {
    cache.on?.(event => {
      const notes = currentCall.getStore()
      if (notes !== undefined && event.type === 'hit' && event.stale) notes.stale = true
    })
  }

  async function load(
    ending: 'returns' | 'fails' | 'returns noStore()',
    context?: LoadContext,
  ): Promise<Row> {
    const began = history.tick('a load begins')
    await turn('the query arrives')
    const { version } = database
    await turn('the query is answered')
    if (ending === 'fails') throw DOWN
    if (ending === 'returns noStore()') context?.noStore()
    return { version, began, by: 'load' }
  }

  async function getOrSet(cache: SimulatedCache, step: Extract<Step, { loader: string }>): Promise<void> {
    const refresh = step.do === 'refresh'
    const began = history.tick(`${step.do} begins, its loader ${step.loader}`)
    const notes: CallNotes = { stale: false }
    const row = await currentCall
      .run(notes, () => cache.getOrSet(KEY, context => load(step.loader, context), { refresh }))
      .catch(error => {
        if (error !== DOWN) throw error
      })
    if (row === undefined) return
    history.served(row, began, notes.stale)
    if (!refresh) return
    history.forced(row, began)
    if (!timeouts) history.invalidated('overwrite', began)
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
        return getOrSet(cache, step)
      case 'set':
        return set(cache)
      case 'write and delete':
        return invalidate('delete', () => cache.delete(KEY))
      case 'write and deleteMany':
        return invalidate('delete', () => cache.deleteMany(['other', KEY]))
      case 'write and expire':
        return invalidate('expire', () => cache.expire(KEY))
      case 'let time pass':
        history.tick(`${step.ms} ms pass`)
        return clock.advance(step.ms)
    }
  }

  async function act({ cache, steps }: Actor): Promise<void> {
    for (const step of steps) {
      await turn('the next step')
      await take(step, caches[cache] as SimulatedCache)
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
