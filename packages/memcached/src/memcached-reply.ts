import { HEADER_BYTES } from './memcached-protocol.js'
import type { MemjsReply } from './memjs-client.js'

/** A reply as a view of the bytes that came; its parts are cut out only when they are asked for. */
export class MemcachedReply implements MemjsReply {
  readonly opcode: number
  readonly status: number
  readonly totalBodyLength: number
  readonly opaque: number
  readonly #bytes: Buffer
  readonly #start: number

  constructor(bytes: Buffer, start: number) {
    this.opcode = bytes[start + 1] as number
    this.status = bytes.readUInt16BE(start + 6)
    this.totalBodyLength = bytes.readUInt32BE(start + 8)
    this.opaque = bytes.readUInt32BE(start + 12)
    this.#bytes = bytes
    this.#start = start
  }

  /** memjs keeps these apart. */
  get header(): this {
    return this
  }

  get cas(): Buffer {
    return this.#bytes.subarray(this.#start + 16, this.#start + HEADER_BYTES)
  }

  get extras(): Buffer {
    const from = this.#start + HEADER_BYTES
    return this.#bytes.subarray(from, from + this.#extrasLength)
  }

  get key(): Buffer {
    const from = this.#start + HEADER_BYTES + this.#extrasLength
    return this.#bytes.subarray(from, from + this.#keyLength)
  }

  get val(): Buffer {
    const from = this.#start + HEADER_BYTES
    return this.#bytes.subarray(from + this.#extrasLength + this.#keyLength, from + this.totalBodyLength)
  }

  get #keyLength(): number {
    return this.#bytes.readUInt16BE(this.#start + 2)
  }

  get #extrasLength(): number {
    return this.#bytes[this.#start + 4] as number
  }
}
