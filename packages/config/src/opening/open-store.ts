import {
  CacheError,
  type CacheStore,
  type LocalStore,
  type MigratingStoreOptions,
  migratingStore,
  nullStore,
  quote,
  type RemoteStore,
} from '@lookaside/core'
import type { CheckedStore } from '../checking/checked-store.js'
import type { Path } from '../checking/path.js'
import { given } from '../stores/given.js'
import { openLru } from '../stores/lru.js'
import { openMemcached } from '../stores/memcached.js'
import { openRedis } from '../stores/redis.js'

/** A store of another kind than its place needs, as only shows when it is opened. */
export class MisplacedStore extends CacheError {
  readonly path: Path

  constructor(path: Path, message: string) {
    super('ERR_CACHE_CONFIG', message)
    this.path = path
  }
}

/** One store, or a local one before a remote one, as `createCache` takes them. */
export type OpenedStore = CacheStore | readonly [local: LocalStore, remote: RemoteStore]

/**
 * Opens a store; `share` opens a remote one, or has it already.
 *
 * @throws CacheError what its factory throws; `ERR_CACHE_CONFIG` where its package is not installed.
 */
export async function openStore(
  store: CheckedStore,
  share: (store: CheckedStore, open: () => Promise<CacheStore>) => Promise<CacheStore>,
): Promise<OpenedStore> {
  switch (store.type) {
    case 'lru':
      return openLru(store.options)
    case 'none':
      return nullStore()
    case 'tiered': {
      const local = await openStore(store.local, share)
      const remote = await openStore(store.remote, share)
      return [ofKind('local', local, store.local), ofKind('remote', remote, store.remote)]
    }
    default:
      return share(store, () => openAlone(store))
  }
}

/** Opens a store for one use. */
async function openAlone(store: CheckedStore): Promise<CacheStore> {
  switch (store.type) {
    case 'redis':
      return openRedis(store.options)
    case 'memcached':
      return openMemcached(store.options)
    case 'migrating':
      return openMigrating(store)
    case 'plugin':
      return openPlugin(store)
    default:
      throw new TypeError(`a store of type ${store.type} is not shared`)
  }
}

async function openPlugin({
  path,
  name,
  plugin,
  options,
}: Extract<CheckedStore, { type: 'plugin' }>): Promise<CacheStore> {
  const store: unknown = await plugin.open(options)
  const { kind, close } = (store ?? {}) as Partial<RemoteStore | LocalStore> & { close?: unknown }
  if (kind === 'local' || (kind === 'remote' && typeof close === 'function')) return store as CacheStore
  throw new MisplacedStore(
    [...path, 'type'],
    `open() of ${name} must return a store; received ${quote(store)}`,
  )
}

/** A migrating store owns what it is made of. */
async function openMigrating({
  to,
  from,
  options,
}: Extract<CheckedStore, { type: 'migrating' }>): Promise<RemoteStore> {
  const opened: RemoteStore[] = []
  try {
    for (const store of [to, from]) opened.push(ofKind('remote', await openAlone(store), store))
    const [newStore, oldStore] = opened as [RemoteStore, RemoteStore]
    const made: MigratingStoreOptions = { ...given(options), to: newStore, from: oldStore }
    return migratingStore(made)
  } catch (error) {
    await Promise.allSettled(opened.map(store => store.close()))
    throw error
  }
}

function ofKind<Kind extends CacheStore['kind']>(
  kind: Kind,
  store: OpenedStore,
  { type, path, ...named }: CheckedStore,
): Extract<CacheStore, { kind: Kind }> {
  if ('kind' in store && store.kind === kind) return store as Extract<CacheStore, { kind: Kind }>
  const name = 'name' in named ? named.name : type
  throw new MisplacedStore(path, `expected a ${kind} store; '${name}' makes another kind of store`)
}
