import { HEADER_BYTES, REPLY_MAGIC } from './memcached-protocol.js'
import { MemcachedReply } from './memcached-reply.js'

/**
 * Cuts what a connection delivers into replies, wherever its chunks begin and end.
 *
 * A reply that came in one chunk points into it; one that came in several is put together once, when it is complete.
 * One parser belongs to one connection, so that what a dead connection left behind never reaches the next.
 */
export class MemcachedReplyParser {
  readonly #deliver: (reply: MemcachedReply) => void
  #held: Buffer[] = []
  #heldBytes = 0
  #wantedBytes = HEADER_BYTES

  constructor(deliver: (reply: MemcachedReply) => void) {
    this.#deliver = deliver
  }

  /** @throws Error when what came is not memcached's binary protocol; the connection is of no use then. */
  push(chunk: Buffer): void {
    let offset = 0
    while (this.#heldBytes > 0 && offset < chunk.length) offset = this.#fill(chunk, offset)
    while (chunk.length - offset >= HEADER_BYTES) {
      const end = offset + replyBytes(chunk, offset)
      if (end > chunk.length) break
      this.#deliver(new MemcachedReply(chunk, offset))
      offset = end
    }
    if (offset < chunk.length) this.#hold(chunk.subarray(offset))
  }

  /** Adds to the held beginning what it still lacks, first of its header, then of its body. */
  #fill(chunk: Buffer, offset: number): number {
    const taken = chunk.subarray(offset, offset + this.#wantedBytes - this.#heldBytes)
    this.#hold(taken)
    if (this.#heldBytes === this.#wantedBytes) {
      const reply = Buffer.concat(this.#held)
      this.#held = []
      this.#heldBytes = 0
      this.#wantedBytes = HEADER_BYTES
      this.#deliver(new MemcachedReply(reply, 0))
    }
    return offset + taken.length
  }

  #hold(part: Buffer): void {
    this.#held.push(part)
    this.#heldBytes += part.length
    if (this.#wantedBytes === HEADER_BYTES && this.#heldBytes >= HEADER_BYTES) {
      if (this.#held.length > 1) this.#held = [Buffer.concat(this.#held)]
      this.#wantedBytes = replyBytes(this.#held[0] as Buffer, 0)
    }
  }
}

function replyBytes(buffer: Buffer, offset: number): number {
  if (buffer[offset] !== REPLY_MAGIC) throw new Error("what it answers is not memcached's binary protocol")
  const bodyBytes = buffer.readUInt32BE(offset + 8)
  if (bodyBytes < buffer.readUInt16BE(offset + 2) + (buffer[offset + 4] as number)) {
    throw new Error('it sent a reply whose parts are longer than the whole')
  }
  return HEADER_BYTES + bodyBytes
}
