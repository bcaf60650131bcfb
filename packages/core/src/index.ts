export { type Clock, sleepOn, systemClock } from './clock.js'
export { type Duration, type DurationUnit, type EpochMs, type Milliseconds, parseDuration } from './duration.js'
export type { Entry, EntryMeta } from './entry.js'
export { CacheError, type CacheErrorCode, ERROR_CODES, isCacheError, quote } from './errors.js'
export type {
  CacheStore,
  IncrementOptions,
  LocalStore,
  RemoteStore,
  Stored,
  StoreLimits,
  Version,
} from './store.js'
