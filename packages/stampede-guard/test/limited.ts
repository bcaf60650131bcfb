import type { CacheOptions } from '@lookaside/core'
import { expect } from 'vitest'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed, composeGuards, type LimitLoadsOptions, limitLoads, singleFlight } from '../src/index.js'
import { Database } from './database.js'
import { openProcesses } from './processes.js'

/** A process that limits its loads, and a database whose queries take 100 ms. */
export function limited(options: LimitLoadsOptions, more: Partial<CacheOptions> = {}) {
  const guard = composeGuards(singleFlight(), limitLoads(options), claimed())
  const { first, ...processes } = openProcesses(1, { guard, ...more })
  return { ...processes, ...first, database: new Database(processes.clock) }
}

/**
 * The same, with a caller who waits for a load elsewhere throughout the test.
 *
 * Such a caller takes no place, but keeps the limit in use: one that nobody uses is made anew, and what had leaked
 * could not be seen.
 */
export async function limitedInUse(options: LimitLoadsOptions, more: Partial<CacheOptions> = {}) {
  const world = limited(options, more)
  const held = heldLoad<string>()
  for (const cache of [world.open({ guard: undefined }).cache, world.cache]) {
    cache.getOrSet('elsewhere', held.load, { hardTimeout: '2m' }).catch(() => {})
    await held.begun
  }
  await world.clock.advance(0)
  expect(world.trace.types()).toEqual(['miss', 'claim-wait'])
  return world
}

/** How many of several loads begin at once, now that nothing else is to be under way. */
export async function freePlaces({
  cache,
  database,
  clock,
}: Pick<ReturnType<typeof limited>, 'cache' | 'database' | 'clock'>): Promise<number> {
  await clock.advance(0)
  const before = database.asked.length
  const calls = [1, 2, 3, 4].map(key => cache.getOrSet(`probe ${key}`, database.query))
  const outcomes = Promise.allSettled(calls)
  await clock.advance(0)
  const begun = database.asked.length - before
  await clock.advance(400)
  await outcomes
  return begun
}
