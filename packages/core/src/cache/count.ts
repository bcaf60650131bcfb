import type { Engine } from '../engine.js'
import { isCacheError } from '../errors.js'
import type { IncrementOptions } from '../tiers/store.js'
import type { Address, View } from '../tiers/tier.js'
import { unavailable } from './unavailable.js'

/**
 * Adds to the counter at a key, and tells everybody who has something older.
 *
 * @throws CacheError `ERR_CACHE_COUNTER`, or what the store fails with.
 */
export async function count(
  engine: Engine,
  address: Address,
  view: View,
  by: bigint,
  options: IncrementOptions,
): Promise<bigint> {
  const { flights, told, events, undelivered } = engine
  const { key, at } = address
  if (undelivered.blocks(at)) {
    throw unavailable(engine, key, 'it has not taken an invalidation of the key yet')
  }
  undelivered.outlive(options.ttl)
  let value: bigint
  try {
    value = await addTo(engine, address, view, by, options)
  } catch (error) {
    // What was refused has changed nothing. Anything else may have been counted, or still be.
    if (!isCacheError(error, 'ERR_CACHE_COUNTER')) await changed()
    throw error
  }
  await changed()
  if (events.active) events.emit({ type: 'increment', key, by, value })
  return value

  async function changed(): Promise<void> {
    flights.detach(at)
    await told.keys([at])
  }
}

/** Counts; a value that no reader gets any more does not stand in the way. */
async function addTo(
  engine: Engine,
  address: Address,
  view: View,
  by: bigint,
  options: IncrementOptions,
): Promise<bigint> {
  const { tier } = engine
  try {
    return await tier.increment(address, by, options)
  } catch (error) {
    if (!isCacheError(error, 'ERR_CACHE_COUNTER') || !(await makeWay(engine, address, view))) throw error
    return tier.increment(address, by, options)
  }
}

/**
 * Deletes what is dead, cleared or invalidated, or holds a key's place for nobody; resolves to whether counting may
 * go better now.
 */
async function makeWay({ tier }: Engine, address: Address, view: View): Promise<boolean> {
  // Whether its readers take it says nothing of whether it is a counter.
  const slot = await tier.read(address, { ...view, schema: undefined })
  const useless =
    slot.kind === 'open' || (slot.kind === 'unusable' && (slot.reason === 'dead' || slot.reason === 'tag'))
  // Others who count may have been faster: then the key is empty by now, or has a counter already.
  if (useless) await tier.delete(address.at, slot.version)
  const counter = slot.kind === 'value' && slot.entry.deleteAt === Number.POSITIVE_INFINITY
  return useless || counter || slot.kind === 'empty'
}
