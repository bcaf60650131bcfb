import type { Clock } from '../clock.js'
import type { EpochMs, Milliseconds } from '../duration.js'
import type { LocalTagSet } from '../tags/local-tag-set.js'
import type { LocalTags } from '../tags/local-tags.js'
import type { Validity } from '../tags/token.js'
import type { Entry } from '../values/entry.js'
import type { StandardSchema } from '../values/standard-schema.js'
import { type EntryShape, entryShape } from './entry-shape.js'

/** What a local entry is made from. */
export interface LocalEntryInit extends Entry<unknown>, EntryShape {
  /** `undefined` for none. */
  readonly tags: LocalTagSet | undefined
  /** Until when a copy of a remote value may be served without asking for it again, by `Clock.monotonic()`. */
  readonly trustedUntil: Milliseconds
}

/** What only those ask for who do more than serve the value. */
interface Details {
  /** When it was created, counted from `START`. */
  readonly created: Milliseconds
  /** From `createdAt` to when the value goes stale; negative for one that has been expired. */
  readonly fresh: Milliseconds
  /** From `createdAt` to when it dies. */
  readonly life: Milliseconds
  readonly loadTime: Milliseconds
  readonly shape: EntryShape
  /** `undefined` for as long as it is fresh. */
  readonly trustedUntil: Milliseconds | undefined
}

const EXPIRED: Milliseconds = -1

/** Instants are counted from here, so that for some weeks they are small integers. */
const START: EpochMs = Date.now()

/** Vouched times are counted in steps of this, so that they stay small integers: until the year 2039 on a true clock. */
const STEP: Milliseconds = 1_024
const LAST_STEP = 2 ** 31 - 1

/**
 * An entry of a local store.
 *
 * One class for values and markers, so that the hit path sees one shape; a marker is never fresh. The object
 * itself is its version: compare-and-set is a comparison by identity.
 *
 * It is in two parts: what a hit reads is small enough to lie close together with that of other entries, since with
 * many entries a hit waits for memory more than for anything else. For the same reason all numbers but one are small
 * integers, which need no object of their own.
 */
export class LocalEntry implements LocalEntryInit {
  readonly value: unknown
  readonly tags: LocalTagSet | undefined
  #vouchedBy: object | undefined = undefined
  #vouchedSteps = 0
  #served: Promise<unknown> | undefined = undefined
  readonly #details: Details

  constructor(init: LocalEntryInit) {
    const { createdAt, staleAt, deleteAt, trustedUntil } = init
    this.value = init.value
    this.tags = init.tags
    this.#details = {
      created: compact(createdAt - START),
      fresh: staleAt === 0 ? EXPIRED : compact(staleAt - createdAt),
      life: compact(deleteAt - createdAt),
      // As in a frame.
      loadTime: compact(Math.round(init.loadTime)),
      shape: entryShape(init),
      trustedUntil: trustedUntil === Number.POSITIVE_INFINITY ? undefined : trustedUntil,
    }
  }

  get createdAt(): EpochMs {
    return START + this.#details.created
  }

  get staleAt(): EpochMs {
    const { created, fresh } = this.#details
    return fresh < 0 ? 0 : START + created + fresh
  }

  get deleteAt(): EpochMs {
    return START + this.#details.created + this.#details.life
  }

  get loadTime(): Milliseconds {
    return this.#details.loadTime
  }

  get schemaVersion(): number {
    return this.#details.shape.schemaVersion
  }

  get schema(): StandardSchema | undefined {
    return this.#details.shape.schema
  }

  get checkable(): boolean {
    return this.#details.shape.checkable
  }

  get trustedUntil(): Milliseconds {
    return this.#details.trustedUntil ?? Number.POSITIVE_INFINITY
  }

  /** The same value, stale from now on. */
  expired(): LocalEntry {
    const { value, createdAt, loadTime, deleteAt, schemaVersion, schema, checkable, tags, trustedUntil } =
      this
    return new LocalEntry({
      value,
      createdAt,
      loadTime,
      staleAt: 0,
      deleteAt,
      schemaVersion,
      schema,
      checkable,
      tags,
      trustedUntil,
    })
  }

  /** Whether a copy of a remote value may still be served without asking for it again. */
  isTrusted(clock: Clock): boolean {
    const { trustedUntil } = this.#details
    return trustedUntil === undefined || clock.monotonic() < trustedUntil
  }

  /** Whether it has all of these tags. */
  hasTags(names: readonly string[]): boolean {
    return this.tags === undefined ? names.length === 0 : this.tags.hasAll(names)
  }

  /** What the invalidations of its tags have made of it. */
  validity(tags: LocalTags): Validity {
    return this.tags === undefined ? 'valid' : this.tags.validity(tags)
  }

  /**
   * Remembers that whoever reads with these settings may be served until an instant without anything else being asked,
   * but for the tags.
   */
  vouch(settings: object, until: EpochMs): void {
    this.#vouchedBy = settings
    this.#vouchedSteps = Math.min(Math.floor(until / STEP), LAST_STEP)
  }

  /** The value as a hit returns it: one promise for all hits, which cost no memory of their own then. */
  get served(): Promise<unknown> {
    this.#served ??= Promise.resolve(this.value)
    return this.#served
  }

  /** Whether nothing else has to be asked; also `false` in the last second of that. */
  isVouchedFor(settings: object, now: EpochMs, tags: LocalTags): boolean {
    return (
      this.#vouchedBy === settings &&
      now < this.#vouchedSteps * STEP &&
      (this.tags === undefined || this.tags.isValidAt(tags.epoch))
    )
  }

  /** Whether it has been found out for these settings, even if that is over. */
  wasVouchedFor(settings: object): boolean {
    return this.#vouchedBy === settings
  }
}

/** The same number, without an object of its own where it is an integer of 32 bits, as a calculated one may have. */
function compact(number: number): number {
  const integer = number | 0
  return integer === number ? integer : number
}
