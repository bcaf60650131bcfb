export type { WaitUntil } from './background.js'
export type { BreakerOptions } from './breaker.js'
export type {
  BusListener,
  ChangeBus,
  ChangeListener,
  InvalidationBus,
  MessageBus,
  MessageListener,
} from './bus.js'
export type {
  Cache,
  EntryVersion,
  GetOrSetOptions,
  Lookup,
  ReadOptions,
  SetOptions,
  Typed,
} from './cache.js'
export { CACHE_OPTION_NAMES, type CacheOptions } from './cache-options.js'
export type { Claim } from './claim.js'
export { type Clock, sleepOn, systemClock } from './clock.js'
export type { Codec, CodecName } from './codec.js'
export type { Invalidation } from './collected-invalidation.js'
export type { CompressionOptions } from './compression.js'
export { createCache } from './create-cache.js'
export {
  type Duration,
  type DurationUnit,
  type EpochMs,
  type Milliseconds,
  parseDuration,
} from './duration.js'
export type { Entry, EntryMeta } from './entry.js'
export { CacheError, type CacheErrorCode, ERROR_CODES, isCacheError, quote } from './errors.js'
export type {
  CacheEvent,
  CacheEventType,
  CacheListener,
  InvalidationTarget,
  LoadReason,
  LocalDropReason,
  NotStoredReason,
  TierName,
  UnusableReason,
} from './events.js'
export type { Failure } from './failures.js'
export { type FlightChanges, flightWith } from './flight-with.js'
export type { Flight, Guard, Passenger } from './guard.js'
export type { GuardOption, GuardSettings, LoadOptions } from './guard-options.js'
export type { Quantiles } from './histogram.js'
export type { InvalidateAfterOptions } from './invalidate-after.js'
export type { LoadContext, Loader } from './loader.js'
export { memoryBus } from './memory-bus.js'
export { checkOptions, nearestName } from './options.js'
export type { NamespaceOptions, ValueOptions } from './settings.js'
export type { CloneMode } from './sharing.js'
export type { InferInput, InferOutput, StandardSchema } from './standard-schema.js'
export type { CacheStats } from './stats.js'
export type {
  CacheStore,
  IncrementOptions,
  LocalStore,
  RemoteStore,
  Stored,
  StoreLimits,
  StoreShards,
  Version,
} from './store.js'
export { checkWireKey, MAX_WIRE_KEY_BYTES } from './wire-key.js'
export type { WrapOptions, Wrapped } from './wrap.js'
