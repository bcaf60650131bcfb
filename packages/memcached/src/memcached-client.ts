import { Client } from 'memjs'
import type { MemcachedServerSettings } from './memcached-options.js'
import { MemcachedRing } from './memcached-ring.js'
import { MemcachedServer } from './memcached-server.js'
import type { MemcachedAddress } from './memcached-url.js'
import type { MemjsClient } from './memjs-client.js'

const SILENT = { log() {} }

/** A memjs `Client` over servers that always come to an end, with keys placed on a ketama ring. */
export class MemcachedClient extends Client implements MemjsClient {
  declare seq: number
  declare readonly servers: readonly MemcachedServer[]
  readonly #ring: MemcachedRing

  constructor(addresses: readonly MemcachedAddress[], settings: MemcachedServerSettings) {
    const servers = addresses.map(({ host, port }) => new MemcachedServer(host, port, settings))
    // Without failover: a server that comes back would show what it held before it went.
    super(servers, { retries: 1, failover: false, logger: SILENT })
    this.#ring = new MemcachedRing(addresses)
  }

  /** Wraps at 32 bits, unsigned: memjs' own goes negative, which no request can carry. */
  override incrSeq(): void {
    this.seq = (this.seq + 1) >>> 0
  }

  /** As a string because @types/memjs has it so; memjs itself only indexes `servers` with it. */
  override getServer(key: string): string {
    return String(this.#ring.locate(key))
  }
}
