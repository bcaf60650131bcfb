import type { UnusableReason } from '../events.js'
import type { Token } from '../tags/token.js'
import type { Entry } from '../values/entry.js'
import type { Version } from './store.js'

/**
 * What a read found at a key.
 *
 * - `value`: readable and not dead. `identity.bits` name this very state of it: where they are equal, nothing happened
 *   in between.
 * - `marker`: somebody's claim; `holder` names the flight, or the write where it is for one.
 * - `open`: the last load's result was not to be stored; any number may load side by side.
 * - `unusable`: dead, corrupt, foreign, of an older shape; a claim may replace it.
 * - `newer`: of a newer shape than the reader knows; never replaced by it.
 * - `unreachable`: the store did not answer.
 * - `blocked`: this process has invalidated the key, and the store has not taken that yet.
 */
export type Slot = Found & { readonly tags?: SlotTags | undefined }

/** What a read has learnt of tags; absent where there are none to learn of. */
export interface SlotTags {
  /** Those that the call named, and those of what was found, as they are now; `undefined` for one without a token. */
  readonly tokens: ReadonlyMap<string, Token | undefined>
  /** The tags of the value that was found, usable or not. */
  readonly found: readonly string[]
  /** The generation of the namespace, where the store has them. */
  readonly generation: Token | undefined
}

type Found =
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'value'
      readonly entry: Entry<unknown>
      readonly version: Version
      readonly identity: { readonly bits: unknown }
      /** Whether the value passes its schema again. */
      readonly checkable: boolean
    }
  | {
      readonly kind: 'marker'
      readonly holder: string
      readonly version: Version
      readonly forWrite: boolean
    }
  | { readonly kind: 'open'; readonly version: Version }
  | { readonly kind: 'unusable'; readonly version: Version; readonly reason: UnusableReason }
  | { readonly kind: 'newer' }
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'blocked' }

/** Whether what a tier returned is still on its way. */
export function isPending(slot: Slot | PromiseLike<Slot>): slot is PromiseLike<Slot> {
  return 'then' in slot
}

/** A slot that holds a value. */
export type FoundValue = Slot & { readonly kind: 'value' }

export const EMPTY: Slot = { kind: 'empty', tags: undefined }
export const UNREACHABLE: Slot = { kind: 'unreachable' }
export const BLOCKED: Slot = { kind: 'blocked' }

/** Whether two reads saw the key in the same state, as far as the slots can tell. */
export function sameSlot(a: Slot, b: Slot): boolean {
  if (a === b) return true
  // One read may find a value for one caller, and for the next one, a moment later, that it is dead.
  if (a.kind !== b.kind) return false
  if (a.kind === 'value' && b.kind === 'value')
    return a.version === b.version || a.identity.bits === b.identity.bits
  if (a.kind === 'marker' && b.kind === 'marker') return a.holder === b.holder
  // Versions are opaque: the same object means that both callers shared one read.
  return 'version' in a && 'version' in b && a.version === b.version
}
