import { CacheError, type IncrementOptions, quote } from '@lookaside/core'
import type { MemcachedExchange, Reader } from './memcached-exchange.js'
import { nameOf, unexpected, withoutCas } from './memcached-failure.js'
import { counterExtras, OPCODE, STATUS, storageExtras } from './memcached-protocol.js'
import { toExptime } from './memcached-ttl.js'
import { bytesOf } from './memcached-value.js'
import { MemcachedVersion } from './memcached-version.js'

const LARGEST = 2n ** 63n - 1n
/** From here no number of steps of this size that could be under way at once reaches `LARGEST`. */
const SAFE_VALUE = 2n ** 62n
const SAFE_STEP = 2n ** 32n
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,18})$/
/** Each lost attempt means that another caller got through; a server that keeps its word never gets here. */
const MAX_ATTEMPTS = 1_000

/**
 * Adds to a counter: decimal digits in ASCII, as every other client of memcached sees them.
 *
 * memcached takes "5 apples" for 5 and wraps around at 2^64, so the value is read and judged first. The sum itself is
 * memcached's, because only its own operations leave the expiry alone: without a condition where the limit is far
 * away, so that concurrent callers never repeat; over the version that was judged where it is near.
 *
 * @throws CacheError `ERR_CACHE_COUNTER` when the key holds something else, or the sum would pass 2^63 - 1.
 */
export async function incrementCounter(
  exchange: MemcachedExchange,
  key: string,
  by: bigint,
  { initial, ttl }: IncrementOptions,
): Promise<bigint> {
  const server = exchange.serverOf(key)

  async function create(): Promise<bigint | undefined> {
    const value = sum(key, initial, by)
    const extras = storageExtras(0, toExptime(ttl))
    const question = { opcode: OPCODE.add, key, extras, value: Buffer.from(`${value}`) }
    return (await exchange.ask(server, question, readCreated)) ? value : undefined
  }

  async function increment(before: bigint, version: MemcachedVersion): Promise<bigint | undefined> {
    const question = { opcode: OPCODE.increment, key, extras: counterExtras(by) }
    if (before > SAFE_VALUE || by > SAFE_STEP) {
      if (!version.matches) throw withoutCas(server)
      return exchange.askOver(server, version, question, readResult)
    }
    const value = await exchange.ask(server, question, readResult)
    if (value === undefined || value <= LARGEST) return value
    // A huge step of somebody else came in between.
    await exchange.ask(server, { ...question, opcode: OPCODE.decrement }, readResult)
    throw beyondLargest(key, value - by, by)
  }

  function decrement(before: bigint, after: bigint): Promise<bigint | undefined> {
    const question = { opcode: OPCODE.decrement, key, extras: counterExtras(-by < LARGEST ? -by : LARGEST) }
    if (`${after}`.length === `${before}`.length) return exchange.ask(server, question, readResult)
    // memcached overwrites an item in place, padded with spaces, unless a reader is still busy with it: so one is.
    return exchange.askAfter(server, { opcode: OPCODE.getQuietly, key }, question, readResult)
  }

  async function attempt(): Promise<bigint | undefined> {
    const found = await exchange.ask(server, { opcode: OPCODE.get, key }, readCounter)
    if (found === undefined) return create()
    const before = judge(key, found.text)
    const after = sum(key, before, by)
    if (after === before) return before
    return after > before ? increment(before, found.version) : decrement(before, after)
  }

  for (let attempts = 0; attempts < MAX_ATTEMPTS; attempts++) {
    const value = await attempt()
    if (value !== undefined) return value
  }
  throw new Error(`${nameOf(server)} keeps contradicting itself about ${quote(key)}`)
}

interface FoundCounter {
  readonly text: string
  readonly version: MemcachedVersion
}

const readCounter: Reader<FoundCounter | undefined> = (reply, socket, server) => {
  const { status } = reply.header
  if (status === STATUS.missing) return undefined
  if (status !== STATUS.ok) throw unexpected(server, reply)
  const text = Buffer.from(bytesOf(reply).subarray(0, 100)).toString('latin1')
  return { text, version: new MemcachedVersion(socket, reply) }
}

const readCreated: Reader<boolean> = (reply, _socket, server) => {
  const { status } = reply.header
  if (status === STATUS.ok) return true
  if (status === STATUS.exists || status === STATUS.notStored) return false
  throw unexpected(server, reply)
}

/** `undefined` says that the counter is not what it was when it was read. */
const readResult: Reader<bigint | undefined> = (reply, _socket, server) => {
  const { status } = reply.header
  const { val } = reply
  if (status === STATUS.ok) return new DataView(val.buffer, val.byteOffset, 8).getBigUint64(0)
  if (status === STATUS.missing || status === STATUS.exists || status === STATUS.nonNumeric) return undefined
  throw unexpected(server, reply)
}

function judge(key: string, text: string): bigint {
  const value = PLAIN_NUMBER.test(text) ? BigInt(text) : undefined
  if (value !== undefined && value <= LARGEST) return value
  throw new CacheError(
    'ERR_CACHE_COUNTER',
    `a counter must be an integer from 0 to ${LARGEST} in decimal digits; ${quote(key)} holds ${quote(text)}; use another key, or delete it first`,
  )
}

function sum(key: string, value: bigint, by: bigint): bigint {
  const result = value + by
  if (result > LARGEST) throw beyondLargest(key, value, by)
  return result < 0n ? 0n : result
}

function beyondLargest(key: string, value: bigint, by: bigint): CacheError {
  return new CacheError(
    'ERR_CACHE_COUNTER',
    `a counter stops at ${LARGEST}; ${quote(key)} is ${value}, and ${by} more would pass it; add less, or delete it first`,
  )
}
