import { CacheError, quote } from './errors.js'

/**
 * Who may change a cached value.
 *
 * - absent: everyone shares one object by reference; nobody may change it.
 * - `'structured'`: every reader gets a structured clone of its own.
 * - `'freeze'`: everyone shares one object whose plain objects and arrays are frozen, at every depth.
 */
export type CloneMode = 'structured' | 'freeze'

/** Applied to every value that is kept or handed out. */
export type Share = (value: unknown) => unknown

/** @throws CacheError `ERR_CACHE_OPTION` */
export function shareBy(mode: CloneMode | undefined): Share | undefined {
  switch (mode) {
    case undefined:
      return undefined
    case 'structured':
      return structuredClone
    case 'freeze':
      return freezeDeep
    default:
      throw new CacheError(
        'ERR_CACHE_OPTION',
        `clone must be 'structured' or 'freeze'; received ${quote(mode)}`,
      )
  }
}

/** What has been frozen at every depth: a frozen object alone may hold others that are not. */
const frozen = new WeakSet<object>()

function freezeDeep(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || frozen.has(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value
  // Noted before its members, so that a cycle ends here.
  frozen.add(value)
  Object.freeze(value)
  for (const member of Object.values(value)) freezeDeep(member)
  return value
}
