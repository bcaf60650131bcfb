import { hash } from 'node:crypto'
import type { MemcachedAddress } from './memcached-url.js'

const DIGESTS_PER_SERVER = 40
const POINTS_PER_DIGEST = 4
const DEFAULT_PORT = 11211

/**
 * Tells which server of a fleet has a key, so that one more or one fewer server moves only that server's share.
 *
 * The ketama continuum with equal weights: 160 points a server, from the MD5 of `host:port-0` to `host:port-39`
 * (`host-0` … for port 11211). Clients that follow libmemcached's `KETAMA_WEIGHTED` find the same servers, given
 * the same names for them in any order.
 *
 * Source: https://awesomized.github.io/libmemcached/libmemcached/configuring.html
 */
export class MemcachedRing {
  readonly #points: Uint32Array
  readonly #owners: Uint16Array

  constructor(servers: readonly MemcachedAddress[]) {
    const points = servers.flatMap((server, owner) => {
      const name = nameOnRing(server)
      return pointsOf(name, digestsPerServer(servers.length)).map(point => ({ point, name, owner }))
    })
    // A few points coincide in large fleets; whose server is listed first must not decide.
    points.sort((a, b) => a.point - b.point || (a.name < b.name ? -1 : 1))
    this.#points = Uint32Array.from(points, ({ point }) => point)
    this.#owners = Uint16Array.from(points, ({ owner }) => owner)
  }

  /** The index of the key's server. */
  locate(key: string): number {
    const wanted = littleEndian(hash('md5', key), 0)
    let low = 0
    let high = this.#points.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#points[middle] as number) < wanted) low = middle + 1
      else high = middle
    }
    return this.#owners[low === this.#points.length ? 0 : low] as number
  }
}

/** 40, but 39 for a few sizes of a fleet: libmemcached calculates it in single precision and rounds down. */
function digestsPerServer(servers: number): number {
  const share = Math.fround(1 / servers)
  return Math.floor(Math.fround(Math.fround(share * DIGESTS_PER_SERVER) * servers + 1e-10))
}

function nameOnRing({ host, port }: MemcachedAddress): string {
  return port === DEFAULT_PORT ? host : `${host}:${port}`
}

function pointsOf(name: string, digests: number): number[] {
  return Array.from({ length: digests }, (_, index) => {
    const digest = hash('md5', `${name}-${index}`)
    return Array.from({ length: POINTS_PER_DIGEST }, (_, word) => littleEndian(digest, word))
  }).flat()
}

/** The number that a digest's 32-bit word stands for, its first byte being the lowest. */
function littleEndian(hex: string, word: number): number {
  const bigEndian = Number.parseInt(hex.slice(word * 8, word * 8 + 8), 16)
  return (
    ((bigEndian >>> 24) |
      ((bigEndian >>> 8) & 0xff00) |
      ((bigEndian << 8) & 0xff0000) |
      (bigEndian << 24)) >>>
    0
  )
}
