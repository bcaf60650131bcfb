import { type Cas, uint32 } from './memcached-protocol.js'
import { MemcachedReply } from './memcached-reply.js'
import type { MemjsReply } from './memjs-client.js'

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

  constructor(socket: object, { header }: MemjsReply) {
    this.socket = socket
    if (header instanceof MemcachedReply) {
      this.high = header.casHigh
      this.low = header.casLow
    } else {
      this.high = uint32(header.cas, 0)
      this.low = uint32(header.cas, 4)
    }
  }

  /** Whether the id can tell one state of an item from another. */
  get matches(): boolean {
    return this.high !== 0 || this.low !== 0
  }
}
