import { type Clock, systemClock } from '../clock.js'
import { type Duration, type Milliseconds, parseDuration } from '../duration.js'
import { CacheError, quote } from '../errors.js'
import { checkOptions } from '../options/options.js'
import type { RemoteStore } from '../tiers/store.js'
import type { MigrationPhase } from './migration-phase.js'

/** What `migratingStore` is made of. */
export interface MigratingStoreOptions {
  /** The new store. It belongs to the migrating store, which closes it. */
  readonly to: RemoteStore
  /** The old store. It belongs to the migrating store, which closes it. */
  readonly from: RemoteStore
  /**
   * How far the migration is. Each phase is rolled out to all processes before the next begins.
   * @default 'move'
   */
  readonly phase?: MigrationPhase
  /**
   * How long one operation waits for the store that its phase does not read first: in `'prepare'` the new one,
   * afterwards the old one. At least 1 ms, and well below the cache's `storeTimeout`.
   * @default '100ms'
   */
  readonly timeout?: Duration
  /**
   * How long the new store keeps it in mind that the old one has not taken a delete: no shorter than the old one keeps
   * anything. At least 1 ms.
   * @default '1d'
   */
  readonly keepFor?: Duration
  /**
   * Where it takes its time from.
   * @default systemClock
   */
  readonly clock?: Clock
}

/** The options, checked. */
export interface MigratingSettings {
  readonly to: RemoteStore
  readonly from: RemoteStore
  readonly phase: MigrationPhase
  readonly timeout: Milliseconds
  readonly keepFor: Milliseconds
  readonly clock: Clock
}

const NAMES = ['to', 'from', 'phase', 'timeout', 'keepFor', 'clock'] as const
const PHASES: readonly unknown[] = ['prepare', 'move', 'finish']
const DEFAULT_TIMEOUT: Milliseconds = 100
const DEFAULT_KEEP_FOR: Milliseconds = 86_400_000

/** @throws CacheError `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` for bad options. */
export function migratingSettings(options: MigratingStoreOptions): MigratingSettings {
  checkOptions('migratingStore', options ?? {}, NAMES)
  const { to, from, phase = 'move', timeout, keepFor, clock = systemClock } = options ?? {}
  checkRemote('to', to)
  checkRemote('from', from)
  if (to === from) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `migratingStore moves from one store to another; 'to' and 'from' are the same ${to.name}. Without a migration use that store itself`,
    )
  }
  if (!PHASES.includes(phase)) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `phase of migratingStore must be 'prepare', 'move' or 'finish'; received ${quote(phase)}`,
    )
  }
  return {
    to,
    from,
    phase,
    timeout: positive('timeout', timeout, DEFAULT_TIMEOUT),
    keepFor: positive('keepFor', keepFor, DEFAULT_KEEP_FOR),
    clock,
  }
}

function checkRemote(name: 'to' | 'from', store: unknown): asserts store is RemoteStore {
  if ((store as Partial<RemoteStore> | null | undefined)?.kind === 'remote') return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `'${name}' of migratingStore must be a remote store, such as redisStore('redis://localhost:6379'); received ${quote(store)}`,
  )
}

function positive(name: string, duration: Duration | undefined, fallback: Milliseconds): Milliseconds {
  if (duration === undefined) return fallback
  const ms = parseDuration(duration, `${name} of migratingStore`)
  if (ms > 0) return ms
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${name} of migratingStore must be at least 1 ms; received ${quote(duration)}`,
  )
}
