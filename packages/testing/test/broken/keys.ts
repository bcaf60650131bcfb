import { isCacheError, type RemoteStore } from '@lookaside/core'
import { type BrokenStore, broken } from './broken-store.js'

const OPERATIONS = [
  'get',
  'getMany',
  'set',
  'add',
  'replace',
  'delete',
  'deleteMany',
  'increment',
  'expire',
] as const

export const BROKEN_KEYS: readonly BrokenStore[] = [
  broken('takes keys of exactly 250 bytes', 'it cuts keys short', store =>
    rewriting(store, key => key.slice(0, 249)),
  ),
  broken('takes keys of exactly 250 bytes', 'it refuses them', store =>
    rewriting(store, key => (key.length < 250 ? key : '')),
  ),
  broken('takes keys in any script', 'it normalises them', store => rewriting(store, key => key.normalize())),
  broken('takes keys in any script', 'it keeps one byte of each character', store =>
    rewriting(store, key => Buffer.from(key, 'latin1').toString('base64url')),
  ),
  broken('takes keys in any script', 'it counts characters for bytes', store =>
    rewriting(store, key => (key.length > 100 ? `${key}${'k'.repeat(150)}` : key)),
  ),
  broken('tells keys apart by case and by every printable sign', 'it folds case', store =>
    rewriting(store, key => key.toLowerCase()),
  ),
  broken('tells keys apart by case and by every printable sign', 'it takes / for :', store =>
    rewriting(store, key => key.replaceAll('/', ':')),
  ),
  broken('tells keys apart by case and by every printable sign', 'it decodes them', store =>
    rewriting(store, key => key.replace('{', '').replace('}', '')),
  ),
  ...OPERATIONS.map(operation =>
    broken(
      'refuses illegal keys with ERR_CACHE_KEY in every operation',
      `${operation} takes them`,
      store => ({
        [operation]: async (...args: never[]) => {
          const perform = store[operation] as (...args: never[]) => Promise<unknown>
          return perform(...args).catch(() => undefined)
        },
      }),
    ),
  ),
  broken('refuses illegal keys with ERR_CACHE_KEY in every operation', 'get throws at once', store => ({
    get(key) {
      if (key.includes(' ')) throw new Error('illegal')
      return store.get(key)
    },
  })),
  broken('refuses illegal keys with ERR_CACHE_KEY in every operation', 'errors have no code', store => ({
    get: key =>
      store.get(key).catch(() => {
        throw new Error('illegal')
      }),
  })),
  broken('works on after illegal keys', 'the server hangs up on them', store => {
    let hungUp = false
    const noticing = (error: unknown) => {
      hungUp = isCacheError(error, 'ERR_CACHE_KEY')
      throw error
    }
    return {
      set: (key, bytes, ttl) => store.set(key, bytes, ttl).catch(noticing),
      async get(key) {
        await Promise.resolve()
        if (!hungUp) return store.get(key).catch(noticing)
        hungUp = false
        throw new Error('connection reset')
      },
    }
  }),
  broken('works on after illegal keys', 'delete with one deletes all', (store, server) => ({
    delete: (key, version) =>
      store.delete(key, version).catch(error => {
        server.empty()
        throw error
      }),
  })),
]

/** Lets a store see other keys than it was given. */
function rewriting(store: RemoteStore, rewrite: (key: string) => string): Partial<RemoteStore> {
  return {
    get: key => store.get(rewrite(key)),
    getMany: keys => store.getMany(keys.map(rewrite)),
    set: (key, bytes, ttl) => store.set(rewrite(key), bytes, ttl),
    delete: (key, version) => store.delete(rewrite(key), version),
  }
}
