/** @import { Cache } from '@lookaside/core' */
import { setTimeout as sleep } from 'node:timers/promises'
import { Floors, floorsNamedIn, keyNaming } from './floors.mjs'

/**
 * How much load there is.
 *
 * @typedef {object} LoadOptions
 * @property {string} namespace
 * @property {number} keys
 * @property {number} groups Each key is in one of so many groups, which are its tags.
 * @property {number} readers So many reads are under way at the same time.
 * @property {number} duration In ms.
 */

/**
 * Where versions come from: the database.
 *
 * @typedef {object} Rows
 * @property {(key: string) => Promise<number>} read
 * @property {(key: string) => Promise<number>} raise Makes a new version, and tells it.
 */

const READS_WITHOUT_REST = 20
/** Mean times, in ms. */
const BETWEEN_WRITES = 10
const LOAD = 1
const WAYS = ['delete', 'delete', 'delete', 'delete', 'deleteMany', 'expire', 'deleteTags', 'collected']

/**
 * Random reads and writes over one cache, and the versions below which no read may fall.
 *
 * A version is known to be outdated from when its invalidation has returned here, or from when a message has been
 * heard that its writer sent after that: a `set` of a key that is named by what was outdated.
 */
export class Load {
  /** @type {Cache} */
  #cache
  /** @type {Rows} */
  #rows
  /** @type {LoadOptions} */
  #options
  #returned = new Floors()
  #heard = new Floors()
  #counts = {
    reads: 0,
    loads: 0,
    writes: 0,
    undelivered: 0,
    floorsHeard: 0,
    tooOldHere: 0,
    tooOldElsewhere: 0,
  }
  #until = 0

  /**
   * @param {Cache} cache
   * @param {Rows} rows
   * @param {LoadOptions} options
   */
  constructor(cache, rows, options) {
    this.#cache = cache
    this.#rows = rows
    this.#options = options
  }

  /**
   * A key that has changed, as another process has named it.
   *
   * @param {string} name
   */
  hear(name) {
    const floors = floorsNamedIn(name)
    if (floors.length > 0) this.#counts.floorsHeard++
    this.#heard.raise(floors)
  }

  async run() {
    const { readers, duration } = this.#options
    this.#until = performance.now() + duration
    const before = this.#cache.stats().hits.local
    await Promise.all([this.#write(), ...Array.from({ length: readers }, () => this.#readOn())])
    return { ...this.#counts, localHits: this.#cache.stats().hits.local - before }
  }

  /** The version that is served now for each key. */
  async versions() {
    const keys = Array.from({ length: this.#options.keys }, (_, index) => `k${index}`)
    return Promise.all(keys.map(async key => [key, await this.#read(key)]))
  }

  async #readOn() {
    while (performance.now() < this.#until) {
      for (let n = 0; n < READS_WITHOUT_REST; n++) await this.#judge(this.#randomKey())
      await sleep(1)
    }
  }

  /** @param {string} key */
  async #judge(key) {
    const here = this.#returned.of(key)
    const elsewhere = this.#heard.of(key)
    const version = await this.#read(key)
    this.#counts.reads++
    if (version < here) this.#counts.tooOldHere++
    if (version < elsewhere) this.#counts.tooOldElsewhere++
  }

  /** @param {string} key */
  async #read(key) {
    const load = async () => {
      this.#counts.loads++
      const version = await this.#rows.read(key)
      // The row grows old before it is stored.
      await sleep(2 * LOAD * Math.random())
      return { version }
    }
    return (await this.#space.getOrSet(key, load, { tags: [this.#groupOf(key)] })).version
  }

  async #write() {
    while (performance.now() < this.#until) {
      await sleep(2 * BETWEEN_WRITES * Math.random())
      await this.#invalidate(this.#randomKey())
    }
  }

  /** @param {string} key */
  async #invalidate(key) {
    const way = WAYS[Math.floor(WAYS.length * Math.random())] ?? 'delete'
    const version = await this.#rows.raise(key)
    /** @type {import('./floors.mjs').Floor[]} */
    const floors = [[key, version]]
    if (way === 'deleteTags') {
      const others = this.#groupMembers(this.#groupOf(key)).filter(other => other !== key)
      const versions = await Promise.all(others.map(other => this.#rows.read(other)))
      for (const [index, other] of others.entries()) floors.push([other, versions[index] ?? 0])
    }
    this.#counts.writes++
    if (!(await this.#tell(way, key))) {
      this.#counts.undelivered++
      return
    }
    this.#returned.raise(floors)
    await this.#cache.set(keyNaming(floors), '')
  }

  /**
   * @param {string} way
   * @param {string} key
   */
  async #tell(way, key) {
    const space = this.#space
    switch (way) {
      case 'deleteMany':
        return space.deleteMany([key])
      case 'expire':
        return space.expire(key)
      case 'deleteTags':
        return space.deleteTags([this.#groupOf(key)])
      case 'collected':
        return space.invalidation().keys(key).run()
      default:
        return space.delete(key)
    }
  }

  get #space() {
    return this.#cache.namespace(this.#options.namespace)
  }

  #randomKey() {
    return `k${Math.floor(this.#options.keys * Math.random())}`
  }

  /** @param {string} key */
  #groupOf(key) {
    return `g${Number(key.slice(1)) % this.#options.groups}`
  }

  /** @param {string} group */
  #groupMembers(group) {
    const { keys, groups } = this.#options
    const first = Number(group.slice(1))
    return Array.from(
      { length: Math.ceil((keys - first) / groups) },
      (_, index) => `k${first + index * groups}`,
    )
  }
}
