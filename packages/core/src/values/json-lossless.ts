/** Deeper values are left to structured clone: both walks here and in `JSON.stringify` are recursive. */
const MAX_DEPTH = 500

/**
 * Whether JSON text gives back just what structured clone would: plain objects and dense arrays, each in one
 * place only, of strings, booleans, `null` and finite numbers other than -0.
 *
 * Like structured clone it doesn't count what neither keeps: symbol-keyed and non-enumerable properties. A getter
 * counts as what it returns, and what it throws is thrown.
 */
export function isJsonLossless(value: unknown): boolean {
  return typeof value === 'object' && value !== null
    ? isLosslessTree(value, new Set(), MAX_DEPTH)
    : isLosslessLeaf(value)
}

function isLosslessTree(tree: object, seen: Set<object>, depth: number): boolean {
  // Met before: JSON would write it twice, or never end.
  if (depth === 0 || seen.has(tree)) return false
  seen.add(tree)
  return Array.isArray(tree)
    ? isLosslessArray(tree, seen, depth - 1)
    : isLosslessObject(tree as Readonly<Record<string, unknown>>, seen, depth - 1)
}

function isLosslessArray(array: readonly unknown[], seen: Set<object>, depth: number): boolean {
  if (Object.getPrototypeOf(array) !== Array.prototype) return false
  for (const member of array) {
    // A hole reads as undefined, which is not lossless either.
    if (!isLosslessMember(member, seen, depth)) return false
  }
  // No holes, so any further key is a property that JSON would drop.
  return Object.keys(array).length === array.length
}

function isLosslessObject(
  object: Readonly<Record<string, unknown>>,
  seen: Set<object>,
  depth: number,
): boolean {
  if (Object.getPrototypeOf(object) !== Object.prototype) return false
  for (const key of Object.keys(object)) {
    if (!isLosslessMember(object[key], seen, depth)) return false
  }
  return true
}

function isLosslessMember(member: unknown, seen: Set<object>, depth: number): boolean {
  return typeof member === 'object' && member !== null
    ? isLosslessTree(member, seen, depth)
    : isLosslessLeaf(member)
}

function isLosslessLeaf(leaf: unknown): boolean {
  switch (typeof leaf) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return leaf === 0 ? !Object.is(leaf, -0) : Number.isFinite(leaf)
    default:
      // `null` is the only object that comes here.
      return leaf === null
  }
}
