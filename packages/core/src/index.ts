export type { WaitUntil } from './background.js'
export type {
  BusListener,
  ChangeBus,
  ChangeListener,
  InvalidationBus,
  MessageBus,
  MessageListener,
} from './bus/bus.js'
export { memoryBus } from './bus/memory-bus.js'
export type { Cache } from './cache/cache.js'
export { CACHE_OPTION_NAMES, type CacheOptions } from './cache/cache-options.js'
export type {
  CountOptions,
  EntryVersion,
  GetOrSetOptions,
  Lookup,
  ReadOptions,
  SetOptions,
  Typed,
  UpdateOptions,
} from './cache/call-options.js'
export type { ConfiguredNamespace, ConfiguredNamespaces } from './cache/configured-namespaces.js'
export { createCache } from './cache/create-cache.js'
export type {
  GetOrSetManyOptions,
  LoadManyByItem,
  LoadManyInOrder,
} from './cache/get-or-set-many.js'
export type { NamespaceOptions, ValueOptions } from './cache/settings.js'
export type { WrapOptions, Wrapped } from './cache/wrap.js'
export { type Clock, sleepOn, systemClock } from './clock.js'
export {
  type Duration,
  type DurationUnit,
  type EpochMs,
  type Milliseconds,
  parseDuration,
} from './duration.js'
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
export type { Quantiles } from './histogram.js'
export type { Invalidation } from './invalidation/collected-invalidation.js'
export type { InvalidateAfterOptions } from './invalidation/invalidate-after.js'
export { checkWireKey, MAX_WIRE_KEY_BYTES } from './keys/wire-key.js'
export type { Claim } from './loading/claim.js'
export type { Failure } from './loading/failures.js'
export { type FlightChanges, flightWith } from './loading/flight-with.js'
export type { Flight, Guard, Passenger } from './loading/guard.js'
export type { GuardOption, GuardSettings, LoadOptions } from './loading/guard-options.js'
export type { LoadManyContext } from './loading/load-batch.js'
export type { LoadContext, Loader } from './loading/loader.js'
export type { MigratingStoreOptions } from './migration/migrating-options.js'
export { migratingStore } from './migration/migrating-store.js'
export type { MigrationPhase } from './migration/migration-phase.js'
export { checkOptions, nearestName } from './options/options.js'
export type { CacheStats } from './stats.js'
export type { BreakerOptions } from './tiers/breaker.js'
export { bypassStore } from './tiers/bypass-store.js'
export { nullStore } from './tiers/null-store.js'
export type {
  CacheStore,
  IncrementOptions,
  LocalStore,
  RemoteStore,
  Stored,
  StoreLimits,
  StoreShards,
  Version,
} from './tiers/store.js'
export type { Codec, CodecName } from './values/codec.js'
export type { CompressionOptions } from './values/compression.js'
export type { Entry, EntryMeta } from './values/entry.js'
export type { CloneMode } from './values/sharing.js'
export type { InferInput, InferOutput, StandardSchema } from './values/standard-schema.js'
export { warm } from './warming/warm.js'
export type { WarmOptions } from './warming/warm-options.js'
export type { WarmProgress } from './warming/warm-progress.js'
export type { WarmSummary } from './warming/warming.js'
export { type WriteBehind, writeBehind } from './writing/write-behind.js'
export type {
  WriteBehindContext,
  WriteBehindFailure,
  WriteBehindOptions,
} from './writing/write-behind-options.js'
export { writeThrough } from './writing/write-through.js'
