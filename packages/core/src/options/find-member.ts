import { types } from 'node:util'
import { quote } from '../errors.js'

/** Whose members are looked at: those that JSON text would hold, or those that a structured clone would. */
export type Reach = 'json' | 'structured'

/** What was said of a member, and the way to it, such as `value.rows[1].format`. */
export interface FoundMember {
  readonly what: string
  readonly path: string
}

interface Place {
  readonly member: unknown
  readonly within: Place | undefined
  /** How `within` leads here; made into text only for the one place that is reported. */
  readonly key: unknown
  readonly by: 'property' | 'entry' | 'key' | 'cause'
}

/**
 * Finds the member of a value, or the value itself, that `describe` says something of: breadth first, so that
 * the shortest path is named, and every object once. Strings, numbers, booleans and absent values are passed over.
 *
 * @param maxVisits how many members are looked at.
 */
export function findMember(
  root: unknown,
  reach: Reach,
  describe: (member: unknown) => string | undefined,
  maxVisits = Number.POSITIVE_INFINITY,
): FoundMember | undefined {
  const places: Place[] = []
  const seen = new Set<unknown>()

  function add(member: unknown, within: Place | undefined, key: unknown, by: Place['by']): void {
    if (isSimple(member) || seen.has(member)) return
    seen.add(member)
    places.push({ member, within, key, by })
  }

  add(root, undefined, undefined, 'property')
  for (let visits = 0; visits < places.length && visits < maxVisits; visits++) {
    const place = places[visits] as Place
    const { member } = place
    const what = describe(member)
    if (what !== undefined) return { what, path: pathTo(place) }
    if (typeof member !== 'object' || member === null) continue
    try {
      eachMember(member, reach, (inner, key, by) => add(inner, place, key, by))
    } catch (error) {
      return { what: `an object whose properties can't be read, ${quote(error)},`, path: pathTo(place) }
    }
  }
  return undefined
}

function isSimple(member: unknown): boolean {
  switch (typeof member) {
    case 'object':
      return member === null
    case 'function':
    case 'symbol':
    case 'bigint':
      return false
    default:
      return true
  }
}

/** Calls back for every member of an object. */
export function eachMember(
  container: object,
  reach: Reach,
  add: (member: unknown, key: unknown, by: Place['by']) => void,
): void {
  if (ArrayBuffer.isView(container)) return
  if (reach === 'structured' && Object.getPrototypeOf(container) !== Object.prototype) {
    if (types.isMap(container)) {
      Map.prototype.forEach.call(container, (member, key) => {
        add(key, undefined, 'key')
        add(member, key, 'entry')
      })
      return
    }
    if (types.isSet(container)) {
      Set.prototype.forEach.call(container, member => add(member, undefined, 'key'))
      return
    }
    if (types.isNativeError(container)) {
      if (Object.hasOwn(container, 'cause')) add(container.cause, undefined, 'cause')
      return
    }
    if (types.isDate(container) || types.isRegExp(container) || types.isBoxedPrimitive(container)) return
  }
  for (const key of Object.keys(container)) add((container as Record<string, unknown>)[key], key, 'property')
}

function pathTo(place: Place): string {
  const { within, key, by } = place
  if (within === undefined) return 'value'
  const path = pathTo(within)
  const container = within.member
  switch (by) {
    case 'entry':
      return `${path}.get(${quote(key)})`
    case 'key':
      return types.isMap(container) ? `${path}.keys()` : `${path}.values()`
    case 'cause':
      return `${path}.cause`
    default:
      return Array.isArray(container) ? `${path}[${key}]` : `${path}.${key}`
  }
}
