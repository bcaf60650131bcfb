import { CacheError, quote } from '../errors.js'
import { checkKey } from '../keys/key.js'
import { VALUE_OPTION_NAMES } from './settings.js'

/** The options of each call. */
export const GET_OR_SET_NAMES = [...VALUE_OPTION_NAMES, 'tags', 'refresh', 'signal', 'waitUntil']
export const READ_NAMES = ['schema', 'version', 'tags']
export const SET_MANY_NAMES = [...VALUE_OPTION_NAMES.filter(name => name !== 'hardTimeout'), 'tags']
export const SET_NAMES = [...SET_MANY_NAMES, 'ifVersion']

// What TypeScript keeps out of most programs, but not of all: each rejects with a `CacheError` that quotes it.

export function checkKeys(keys: readonly string[]): void {
  if (Array.isArray(keys)) return
  throw new CacheError('ERR_CACHE_KEY', `keys must be an array of non-empty strings; received ${quote(keys)}`)
}

export function checkEntries<V>(entries: Iterable<readonly [string, V]>): readonly (readonly [string, V])[] {
  const iterable = typeof entries === 'object' && entries !== null && Symbol.iterator in entries
  const all = iterable ? [...entries] : []
  if (!iterable || !all.every(entry => Array.isArray(entry))) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `setMany takes pairs of a key and a value, in an array or a Map; received ${quote(entries)}`,
    )
  }
  for (const [key] of all) checkKey(key)
  return all
}

export function checkChange(change: unknown): void {
  if (typeof change === 'function') return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `update takes a function of the current value that returns the next one; received ${quote(change)}`,
  )
}

export function checkLoader(load: unknown): void {
  if (typeof load === 'function') return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `getOrSet takes a function that loads the value; received ${quote(load)}`,
  )
}

export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined || typeof (signal as AbortSignal | null)?.throwIfAborted === 'function') return
  throw new CacheError('ERR_CACHE_OPTION', `signal must be an AbortSignal; received ${quote(signal)}`)
}

export function checkRefresh(refresh: boolean | undefined): void {
  if (refresh === undefined || typeof refresh === 'boolean') return
  throw new CacheError('ERR_CACHE_OPTION', `refresh must be true or false; received ${quote(refresh)}`)
}

export function checkWaitUntil(waitUntil: unknown): void {
  if (waitUntil === undefined || typeof waitUntil === 'function') return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `waitUntil must be a function that takes a promise; received ${quote(waitUntil)}`,
  )
}
