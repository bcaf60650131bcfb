import { type Cas, uint32 } from './memcached-protocol.js'

/**
 * Names one state of an item: its CAS id, and the connection on which that id was read.
 *
 * Ids start over when a server restarts, so on any other connection the same id may name other bytes.
 * A server that runs without CAS (`-C`) gives every item the id 0, which a request would take for "no condition";
 * such a version matches nothing.
 */
export class MemcachedVersion implements Cas {
  readonly socket: object
  readonly high: number
  readonly low: number

  constructor(socket: object, cas: Uint8Array) {
    this.socket = socket
    this.high = uint32(cas, 0)
    this.low = uint32(cas, 4)
  }

  /** Whether the id can tell one state of an item from another. */
  get matches(): boolean {
    return this.high !== 0 || this.low !== 0
  }
}
