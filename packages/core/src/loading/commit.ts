import type { Milliseconds } from '../duration.js'
import type { Engine } from '../engine.js'
import { isCacheError } from '../errors.js'
import type { NotStoredReason } from '../events.js'
import { invalidateQuietly } from '../invalidation/invalidation.js'
import { namesOf, type Tagged } from '../tags/token.js'
import type { Since } from '../tiers/local-copies.js'
import type { Address, View } from '../tiers/tier.js'
import type { Entry } from '../values/entry.js'
import type { Claim } from './claim.js'
import { notStoredReason } from './not-stored.js'

/** What a load has come to, and what is known of its key. */
export interface LoadResult {
  readonly address: Address
  readonly view: View
  readonly entry: Entry<unknown>
  readonly tagged: readonly Tagged[]
  /** How long the store is to keep it. */
  readonly kept: Milliseconds
  /** When it was asked for; `undefined` where there is no local tier to keep a copy in. */
  readonly since: Since | undefined
  /** Whether the value passes its schema again. */
  readonly checkable: boolean
  /** The load was asked for whatever was there. */
  readonly forced: boolean
  /** The key was invalidated in this process since the flight began. */
  readonly detached: boolean
  /** The store did not answer when the flight began. */
  readonly unreachable: boolean
}

/** Stores a load's result as far as its claim allows, and ends the claim; never fails the load. */
export async function commitResult(
  engine: Engine,
  claim: Claim | undefined,
  result: LoadResult,
): Promise<void> {
  const { tier, copies, told, events, counters, undelivered } = engine
  const { address, view, entry, tagged, kept, checkable, since } = result
  const { key } = address
  undelivered.outlive(kept)
  if (claim === undefined) {
    tellNotStored(engine, key, 'no-claim')
    await dropOlder(engine, claim, result)
    return
  }
  try {
    if (!result.detached) {
      const packed = tier.pack(address, entry, view, checkable, tagged)
      if (await claim.commit(packed, kept)) {
        counters.commits++
        if (since !== undefined) {
          copies?.replace(address, { entry, tags: namesOf(tagged), checkable }, view, since)
        }
        if (events.active) events.emit({ type: 'commit', key })
        // Whoever forces a load wants the new value everywhere, in the local tiers of others too.
        if (result.forced) await told.keys([address.at])
        return
      }
    }
    counters.commitsRejected++
    if (events.active) events.emit({ type: 'commit-rejected', key })
    if (result.detached) await claim.release()
    await dropOlder(engine, claim, result)
  } catch (error) {
    if (!isCacheError(error)) throw error
    const reason = notStoredReason(error)
    if (reason === 'store-error') await abandonResult(engine, claim, result, reason, error)
    else await discardResult(engine, claim, result, reason, error)
  }
}

/** Ends the claim of a load whose result can't be stored, since the store did not answer; what is there stays. */
export async function abandonResult(
  engine: Engine,
  claim: Claim | undefined,
  result: LoadResult,
  reason: NotStoredReason,
  error?: Error,
): Promise<void> {
  const { background } = engine
  const { key } = result.address
  tellNotStored(engine, key, reason, error)
  // The caller has waited for one deadline already. If the commit landed after all this does nothing.
  if (claim !== undefined) background.add(key, claim.release().catch(reported))
  await dropOlder(engine, claim, { ...result, unreachable: true })
}

/** Ends the claim of a load whose result is not to be stored; what it was to replace goes as well. */
export async function discardResult(
  engine: Engine,
  claim: Claim | undefined,
  result: LoadResult,
  reason: NotStoredReason,
  error?: Error,
): Promise<void> {
  const { address } = result
  tellNotStored(engine, address.key, reason, error)
  engine.copies?.drop(address)
  let { unreachable } = result
  try {
    // In the place of a marker there was no value that others could have a copy of.
    const marked = claim?.marked === true
    if ((await claim?.discard()) === true) {
      if (!marked) await engine.told.keys([address.at])
      return
    }
  } catch (failure) {
    if (!isCacheError(failure)) throw failure
    unreachable = true
  }
  await dropOlder(engine, claim, { ...result, unreachable })
}

/**
 * After a forced load that could not store: what stands there instead, a value or the claim of a load under way, may
 * come from a load that began before this one was asked for. What stands over a marker of ours does not: it was
 * claimed later.
 */
async function dropOlder(engine: Engine, claim: Claim | undefined, result: LoadResult): Promise<void> {
  const { address, forced, unreachable } = result
  if (!forced || claim?.marked === true) return
  // A store that did not answer before has cost the caller one deadline already. The value that was to be replaced
  // must not be served meanwhile.
  if (unreachable) engine.undelivered.addKeys(engine, 'delete', [address])
  const dropped = invalidateQuietly(engine, address)
  if (unreachable) engine.background.add(address.key, dropped)
  else await dropped
}

function tellNotStored({ events }: Engine, key: string, reason: NotStoredReason, error?: Error): void {
  if (events.active) events.emit({ type: 'not-stored', key, reason, ...(error !== undefined && { error }) })
}

/** For store calls whose failure has been told as an event and changes nothing here. */
function reported(): void {}
