import type { RemoteStore } from '../tiers/store.js'

/**
 * What a process does with two stores:
 *
 * - `'prepare'`: reads and writes the old one, deletes from both.
 * - `'move'`: reads the new one and then the old one, writes the new one, deletes from both.
 * - `'finish'`: as `'move'`, without reading the old one.
 */
export type MigrationPhase = 'prepare' | 'move' | 'finish'

/** What each phase does in its own way; keys and sizes have been checked. */
export type PhaseOperations = Pick<
  RemoteStore,
  | 'get'
  | 'getMany'
  | 'set'
  | 'add'
  | 'replace'
  | 'delete'
  | 'deleteMany'
  | 'increment'
  | 'expire'
  | 'ping'
  | 'close'
>
