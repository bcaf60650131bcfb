import { crc32 } from 'node:zlib'
import { Redis } from 'ioredis'
import type { Subject } from './subject.js'

/** A get that leaves with others. */
interface Asked {
  readonly key: string
  readonly resolve: (bytes: Buffer | null) => void
  readonly reject: (error: unknown) => void
}

/** From here on a tick's gets leave as two requests, so that one answer is read while the server is at the other. */
const SPLIT_FROM = 66

/** Bytes of a checksum, which stands before the JSON text. */
const CHECKSUM = 4

/**
 * The least that a joined and checked hit takes over this client: the gets of a tick as MGET, a checksum, JSON.parse.
 *
 * No library could be faster in its place without leaving out the one or the other.
 */
export const joinedIoredis: Subject = {
  name: 'MGET by hand, checked',
  packages: ['ioredis'],
  less: {
    redis: 'the least that a joined hit with a checksum takes: no prefix, instants, deadline or counters',
  },
  async open(place, load, ttl) {
    if (place.kind !== 'redis') return undefined
    const redis = new Redis(place.url)
    let waiting: Asked[] = []

    async function send(asked: readonly Asked[]): Promise<void> {
      try {
        const found = await redis.mgetBuffer(asked.map(({ key }) => key))
        for (const [index, { resolve }] of asked.entries()) resolve(found[index] ?? null)
      } catch (error) {
        for (const { reject } of asked) reject(error)
      }
    }

    function sendAll(): void {
      const asked = waiting
      waiting = []
      const half = asked.length < SPLIT_FROM ? asked.length : Math.ceil(asked.length / 2)
      void send(asked.slice(0, half))
      if (half < asked.length) void send(asked.slice(half))
    }

    function read(key: string): Promise<Buffer | null> {
      return new Promise((resolve, reject) => {
        if (waiting.length === 0) process.nextTick(sendAll)
        waiting.push({ key, resolve, reject })
      })
    }

    return {
      async get(key) {
        const bytes = await read(key)
        if (bytes !== null) return decode(bytes)
        const value = await load(key)
        await redis.set(key, encode(value), 'PX', ttl)
        return value
      },
      close: async () => redis.disconnect(),
    }
  },
}

function encode(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value))
  const bytes = Buffer.alloc(CHECKSUM + text.length)
  bytes.writeUInt32LE(crc32(text))
  bytes.set(text, CHECKSUM)
  return bytes
}

function decode(bytes: Buffer): unknown {
  const text = new Uint8Array(bytes.buffer, bytes.byteOffset + CHECKSUM, bytes.length - CHECKSUM)
  if (bytes.readUInt32LE() !== crc32(text)) throw new Error('a value is damaged')
  return JSON.parse(bytes.toString('utf8', CHECKSUM))
}
