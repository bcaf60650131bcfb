import { HEADER_BYTES, uint32 } from './memcached-protocol.js'
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

  // The same without a view of the bytes, which would take longer to make than to read.

  /** The halves of the CAS id. */
  get casHigh(): number {
    return uint32(this.#bytes, this.#start + 16)
  }

  get casLow(): number {
    return uint32(this.#bytes, this.#start + 20)
  }

  /** The flags of a value; 0 for a reply without any. */
  get flags(): number {
    return this.#extrasLength === 4 ? uint32(this.#bytes, this.#start + HEADER_BYTES) : 0
  }

  get keyText(): string {
    const from = this.#start + HEADER_BYTES + this.#extrasLength
    return this.#bytes.toString('utf8', from, from + this.#keyLength)
  }

  get #keyLength(): number {
    return this.#bytes.readUInt16BE(this.#start + 2)
  }

  get #extrasLength(): number {
    return this.#bytes[this.#start + 4] as number
  }
}
