const MARK = 'floor:'

/**
 * A key, and the version below which it may not be served any more.
 *
 * @typedef {[key: string, version: number]} Floor
 */

/** The versions below which no read may fall. */
export class Floors {
  /** @type {Map<string, number>} */
  #floors = new Map()

  /** @param {string} key */
  of(key) {
    return this.#floors.get(key) ?? 0
  }

  /** @param {readonly Floor[]} floors */
  raise(floors) {
    for (const [key, version] of floors) this.#floors.set(key, Math.max(version, this.of(key)))
  }
}

/**
 * The key that tells others of floors when it is written: a bus may tell of names only.
 *
 * @param {readonly Floor[]} floors
 */
export function keyNaming(floors) {
  return MARK + floors.map(floor => floor.join('=')).join(',')
}

/**
 * The floors that the wire key of such a key names; none for any other.
 *
 * @param {string} name
 * @returns {Floor[]}
 */
export function floorsNamedIn(name) {
  const at = name.indexOf(`::${MARK}`)
  if (at < 0) return []
  const floors = name.slice(at + 2 + MARK.length).split(',')
  return floors.map(floor => {
    const [key = '', version] = floor.split('=')
    return [key, Number(version)]
  })
}
