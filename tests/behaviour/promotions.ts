import type { Cache, CacheOptions, RemoteStore } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import type { FaultyMessageBus } from '@lookaside/testing'
import { expect } from 'vitest'
import type { Fleet, Process } from '../fleet.js'
import { gate } from './gate.js'

/** Two processes on one bus. */
export interface Setting {
  readonly fleet: Fleet
  readonly here: Process<FaultyMessageBus>
  readonly elsewhere: Process<FaultyMessageBus>
}

/** Has something read or stored; tells whether `k` has a copy then. */
export type Case = (setting: Setting) => Promise<boolean>

/** Whether there is a fresh copy of `k`. */
export const hasCopy = (cache: Cache) => cache.peek('k') !== undefined

/** Somebody else stores a value with the tag `t`. */
export async function stored({ fleet }: Setting, options: object = {}): Promise<void> {
  await fleet.plain().set('k', 'value', { tags: ['t'], ...options })
}

/** Reads at once, and answers late. */
function answeringLate(store: RemoteStore, until: Promise<void>): RemoteStore {
  const late = async <T>(answer: Promise<T>) => {
    await answer
    await until
    return answer
  }
  return { ...store, get: key => late(store.get(key)), getMany: keys => late(store.getMany(keys)) }
}

/** A read that was sent before something happens, and is answered after it. */
export function readWhile(happening: (setting: Setting) => Promise<unknown>): Case {
  return async setting => {
    const { fleet } = setting
    await stored(setting)
    const answer = gate()
    const store = answeringLate(fleet.server.store(), answer.passed)
    const here = await fleet.member({ store: [lruStore(), store] })
    const reading = here.cache.get('k', { tags: ['t'] })
    await fleet.settle()
    await happening({ ...setting, here })
    await fleet.settle()
    answer.open()
    expect(await reading).toBe('value')
    return hasCopy(here.cache)
  }
}

/** Whether a copy is there until `ms` after its read was sent, and no longer. */
export async function lastsFor(
  ms: number,
  { cache, store }: Process<unknown>,
  { clock }: Fleet,
): Promise<boolean> {
  store.delay(100, { ops: ['get'], times: 1 })
  const reading = cache.get('k')
  await clock.advance(100)
  await reading
  await clock.advance(ms - 101)
  const before = hasCopy(cache)
  await clock.advance(1)
  return before && !hasCopy(cache)
}

/** Whether a cache with these options keeps what it reads. */
export async function keeps(
  options: Partial<CacheOptions>,
  { fleet }: Setting,
  value: unknown,
): Promise<boolean> {
  const { store: _, ...others } = options
  await fleet.plain(others).set('k', value)
  const { cache } = await fleet.member(options)
  expect(await cache.get('k')).toEqual(value)
  return hasCopy(cache)
}

/** Whether a copy is kept of what is read while a change takes its time to reach the server. */
export async function keepsWhile(
  { cache, store }: Process<unknown>,
  { clock, settle }: Fleet,
  change: (cache: Cache) => Promise<boolean>,
): Promise<boolean> {
  store.delay(10, { ops: ['delete', 'deleteMany', 'replace', 'expire', 'clear'] })
  const changing = change(cache)
  await settle()
  expect(await cache.get('k')).toBe('value')
  await clock.advance(100)
  await changing
  return hasCopy(cache)
}
