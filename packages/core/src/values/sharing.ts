import { CacheError, quote } from '../errors.js'
import { refuseHollow } from './hollow.js'

/**
 * Who may change a cached value.
 *
 * - absent: everyone shares one object by reference; nobody may change it.
 * - `'structured'`: every reader gets a structured clone of its own; what such a clone would keep nothing of, such
 *   as a `URL`, is not cached.
 * - `'freeze'`: everyone shares one object whose plain objects and arrays are frozen, at every depth; the contents of
 *   a `Date`, `Map`, `Set`, `Buffer` or class instance can't be frozen and stay changeable.
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
      return cloneStructured
    case 'freeze':
      return freezeDeep
    default:
      throw new CacheError(
        'ERR_CACHE_OPTION',
        `clone must be 'structured' or 'freeze', or be left out for values by reference; received ${quote(mode)}`,
      )
  }
}

/** @throws CacheError `ERR_CACHE_NOT_ENCODABLE` as `refuseHollow` does; a `DataCloneError` for what can't be cloned. */
function cloneStructured(value: unknown): unknown {
  const copy: unknown = structuredClone(value)
  refuseHollow(value)
  return copy
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

/** A value as its reader gets it. What can't be copied is handed out as it is: nobody else has it, as it was not stored. */
export function handOut(share: Share | undefined, value: unknown): unknown {
  if (share === undefined) return value
  try {
    return share(value)
  } catch {
    return value
  }
}
