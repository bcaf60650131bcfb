export { busSuite } from './bus-suite.js'
export type {
  BusCut,
  BusSuiteOptions,
  ChangeBusSuiteOptions,
  ChangingClient,
  MessageBusSuiteOptions,
} from './bus-suite-options.js'
export { type EventSource, type EventTrace, eventTrace } from './event-trace.js'
export {
  type BusFaults,
  type FaultyChangeBus,
  type FaultyMessageBus,
  faultyBus,
  type PublishedMessage,
} from './faulty-bus.js'
export {
  type FaultScope,
  type FaultyStore,
  type FaultyStoreOptions,
  faultyStore,
  type StoreCall,
  type StoreOperation,
} from './faulty-store.js'
export { type LocalStoreSuiteOptions, localStoreSuite } from './local-store-suite.js'
export { ManualClock, type ManualClockOptions } from './manual-clock.js'
export {
  type MemoryRemoteServer,
  type MemoryRemoteServerOptions,
  type MemoryRemoteStoreOptions,
  memoryRemoteServer,
  memoryRemoteStore,
} from './memory-remote-store.js'
export { type RemoteStoreSuiteOptions, remoteStoreSuite } from './remote-store-suite.js'
