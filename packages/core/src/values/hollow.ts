import { types } from 'node:util'
import { CacheError } from '../errors.js'
import { eachMember, findMember } from '../options/find-member.js'

/**
 * Refuses a value of which structured clone would silently keep nothing: one that holds, at any depth, an instance
 * of a class without properties of its own, such as a `URL`, `Headers`, or one that has only `#private` state.
 *
 * Made for values that can be cloned: functions, promises and the like, which can't be, are not looked for.
 *
 * @throws CacheError `ERR_CACHE_NOT_ENCODABLE`, which names the instance and where it is.
 */
export function refuseHollow(value: unknown): void {
  if (!holdsHollow(value)) return
  const found = findMember(value, 'structured', member =>
    isHollow(member) ? instanceName(member) : undefined,
  )
  throw new CacheError(
    'ERR_CACHE_NOT_ENCODABLE',
    `${found?.what} at ${found?.path} would come back as an empty object: cache plain data that stands for it, or give a codec of your own`,
  )
}

/** The same search as `findMember` makes, without keeping the way: for every value that is cloned. */
function holdsHollow(root: unknown): boolean {
  const seen = new Set<object>()
  const open: object[] = []

  function add(member: unknown): void {
    if (typeof member !== 'object' || member === null || seen.has(member)) return
    seen.add(member)
    open.push(member)
  }

  add(root)
  for (let member = open.pop(); member !== undefined; member = open.pop()) {
    if (isHollow(member)) return true
    eachMember(member, 'structured', add)
  }
  return false
}

/** Whether a structured clone of it would be `{}`, though it is no `{}` itself. */
export function isHollow(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  return !isPlain(value) && !isKept(value) && Object.keys(value).length === 0
}

/** `an instance of URL`. */
export function instanceName(value: object): string {
  const { name } = Object(Reflect.get(value, 'constructor')) as { name?: unknown }
  return `an instance of ${typeof name === 'string' && name !== '' ? name : 'an unnamed class'}`
}

/** One step to the end of the chain: `Object.prototype` of this realm or another, or an empty one such as querystring's. */
function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null
}

function isKept(value: object): boolean {
  return (
    Array.isArray(value) ||
    types.isDate(value) ||
    types.isMap(value) ||
    types.isSet(value) ||
    types.isRegExp(value) ||
    types.isNativeError(value) ||
    types.isBoxedPrimitive(value) ||
    types.isAnyArrayBuffer(value) ||
    ArrayBuffer.isView(value) ||
    types.isKeyObject(value) ||
    types.isCryptoKey(value) ||
    value instanceof Blob
  )
}
