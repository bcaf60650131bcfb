import type { Clock } from '../clock.js'
import type { Milliseconds } from '../duration.js'
import type { LocalTagged, LocalTags } from '../tags/local-tags.js'
import { type Validity, validity } from '../tags/token.js'
import type { Entry } from '../values/entry.js'
import type { StandardSchema } from '../values/standard-schema.js'

/** What a local entry is made from. */
export interface LocalEntryInit extends Entry<unknown> {
  /** The schema that gave the value out. */
  readonly schema: StandardSchema | undefined
  /** Whether the value passes its schema again, so that another one can check it. */
  readonly checkable: boolean
  /** `undefined` for none. */
  readonly tags: readonly LocalTagged[] | undefined
  /** Until when a copy of a remote value may be served without asking for it again, by `Clock.monotonic()`. */
  readonly trustedUntil: Milliseconds
}

/**
 * An entry of a local store.
 *
 * One class for values and markers, so that the hit path sees one shape; a marker is never fresh. The object
 * itself is its version: compare-and-set is a comparison by identity.
 */
export class LocalEntry implements LocalEntryInit {
  readonly value: unknown
  readonly createdAt: number
  readonly loadTime: number
  readonly staleAt: number
  readonly deleteAt: number
  readonly schemaVersion: number
  readonly schema: StandardSchema | undefined
  readonly checkable: boolean
  readonly tags: readonly LocalTagged[] | undefined
  readonly trustedUntil: number
  /** The epoch of the tags at which all of this entry's were valid. */
  validAt = -1

  constructor(init: LocalEntryInit) {
    this.value = init.value
    this.createdAt = init.createdAt
    this.loadTime = init.loadTime
    this.staleAt = init.staleAt
    this.deleteAt = init.deleteAt
    this.schemaVersion = init.schemaVersion
    this.schema = init.schema
    this.checkable = init.checkable
    this.tags = init.tags
    this.trustedUntil = init.trustedUntil
  }
}

/** Whether a copy of a remote value may still be served without asking for it again. */
export function isTrusted({ trustedUntil }: LocalEntry, clock: Clock): boolean {
  return trustedUntil === Number.POSITIVE_INFINITY || clock.monotonic() < trustedUntil
}

/** Whether the entry has all the tags that a call names. */
export function hasTags(entry: Pick<LocalEntry, 'tags'>, named: readonly string[]): boolean {
  const { tags } = entry
  for (const name of named) {
    if (tags === undefined || !tags.some(tag => tag.name === name)) return false
  }
  return true
}

/** What the invalidations of its tags have made of an entry; remembered while no tag is invalidated. */
export function validityOf(entry: LocalEntry, { epoch }: LocalTags): Validity {
  if (entry.tags === undefined || entry.validAt === epoch) return 'valid'
  let worst: Validity = 'valid'
  for (const { token, state } of entry.tags) {
    const own = validity(token, state)
    if (own === 'dead') return 'dead'
    if (own === 'stale') worst = 'stale'
  }
  if (worst === 'valid') entry.validAt = epoch
  return worst
}
