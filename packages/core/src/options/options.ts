import { CacheError, quote } from '../errors.js'

/**
 * Checks that `options` is a plain object (or absent) whose names are all among `known`.
 *
 * @param what names the function in the message.
 * @param otherwise what the message says after "takes its options as an object", such as `', or is false'`.
 * @throws CacheError `ERR_CACHE_OPTION`; an unknown name is answered with the nearest known one.
 *
 * @example
 * checkOptions('lruStore', { maxEntires: 5 }, ['maxEntries', 'maxSize'])
 * // CacheError: unknown option 'maxEntires' of lruStore; did you mean 'maxEntries'? Known: maxEntries, maxSize
 */
export function checkOptions(what: string, options: unknown, known: readonly string[], otherwise = ''): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `${what} takes its options as an object${otherwise}; received ${quote(options)}`,
    )
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue
    const near = nearestName(name, known)
    const hint = near === undefined ? '' : `; did you mean '${near}'?`
    throw new CacheError(
      'ERR_CACHE_OPTION',
      `unknown option ${quote(name)} of ${what}${hint || '.'} Known: ${known.join(', ')}`,
    )
  }
}

/** The known name that takes the fewest edits to reach, where that is few enough for a typo. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein distance, by the two-row method. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next[j] = Math.min(substitution, (row[j] as number) + 1, (next[j - 1] as number) + 1)
    }
    row = next
  }
  return row[b.length] as number
}
