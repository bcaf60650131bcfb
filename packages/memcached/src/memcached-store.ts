import {
  CacheError,
  checkWireKey,
  type Milliseconds,
  quote,
  type RemoteStore,
  type Stored,
  type Version,
} from '@lookaside/core'
import { MemcachedClient } from './memcached-client.js'
import { incrementCounter } from './memcached-counter.js'
import { MemcachedExchange, type Reader } from './memcached-exchange.js'
import { addressOf, describe, MemcachedRefusal, unexpected, withoutCas } from './memcached-failure.js'
import { type MemcachedStoreOptions, memcachedSettings } from './memcached-options.js'
import { OPCODE, STATUS, storageExtras } from './memcached-protocol.js'
import { MemcachedReply } from './memcached-reply.js'
import { memcachedShards } from './memcached-shards.js'
import { toExptime } from './memcached-ttl.js'
import { flagsFor, readStored } from './memcached-value.js'
import { MemcachedVersion } from './memcached-version.js'
import type { MemjsReply, MemjsServer } from './memjs-client.js'

/** memcached counts time in whole seconds. */
const TTL_STEP: Milliseconds = 1_000

/**
 * Keeps values in memcached 1.4 or later: one server or a fleet, over the binary protocol.
 *
 * A server's connection is opened by the first request to it, and opened again by the next request after it was lost;
 * what was under way then fails at once, and nothing is sent twice. Keys are placed on a ketama ring, and a server
 * that is down is never stood in for by another. Keys can't be listed, so there is no `clear`; of several servers
 * each is a shard, in the order they are given in.
 *
 * Of several servers one that fails twice in a row is left alone: requests for its keys are refused at once with
 * `ERR_CACHE_UNAVAILABLE` until it answers one of the probes, which requests start, at most one each 500 ms.
 *
 * `dialect` says which clients of other languages share its values; it decides nothing but the flags beside them. What
 * those clients have serialised or compressed is read as `foreign`.
 *
 * A version holds only for the connection on which it was read: CAS ids start over when a server restarts. Afterwards
 * `replace` resolves to `undefined` and `delete` to `false`, having sent nothing. A server that runs without CAS ids
 * (`-C`) can't grant claims: there `add` rejects with `ERR_CACHE_UNSUPPORTED`, and the versions read match nothing.
 *
 * @throws CacheError `ERR_CACHE_URL`, `ERR_CACHE_OPTION` or `ERR_CACHE_DURATION` for what it can't be made from:
 * also for `undefined` as an argument, which is what an unset variable gives. Without arguments it is the memcached at
 * `127.0.0.1:11211`.
 *
 * @example
 * const store = memcachedStore('memcached://10.0.0.1:11211,10.0.0.2:11211')
 *
 * @example
 * // a client that the application made and closes
 * const store = memcachedStore({ client: memjs.Client.create('10.0.0.1:11211') })
 */
export function memcachedStore(...given: [] | [options: string | URL | MemcachedStoreOptions]): RemoteStore {
  const settings = memcachedSettings(...given)
  const { maxValueBytes, dialect } = settings
  const ours = settings.client === undefined ? new MemcachedClient(settings.addresses, settings) : undefined
  const exchange = new MemcachedExchange(settings.client ?? (ours as MemcachedClient))
  const name = `memcached(${exchange.servers.map(addressOf).join(',')})`
  let closing: Promise<void> | undefined

  function checkOpen(): void {
    if (closing) throw new CacheError('ERR_CACHE_CLOSED', `${name} has been closed; make a new store`)
  }

  /** The server of a key that may be sent. */
  function serverFor(key: string): MemjsServer {
    checkOpen()
    checkWireKey(key)
    return exchange.serverOf(key)
  }

  function storage(opcode: number, key: string, bytes: Uint8Array, ttl: Milliseconds) {
    if (bytes.byteLength > maxValueBytes) {
      throw new CacheError(
        'ERR_CACHE_TOO_LARGE',
        `the value of ${quote(key)} has ${bytes.byteLength} bytes; ${name} takes at most ${maxValueBytes}. Store less, or raise 'maxValueBytes' and the server's -I option`,
      )
    }
    return { opcode, key, extras: storageExtras(flagsFor(bytes, dialect), toExptime(ttl)), value: bytes }
  }

  const readValue: Reader<Stored | undefined> = (reply, socket, server) => {
    const { status } = reply.header
    if (status === STATUS.ok) return readStored(reply, socket, dialect)
    if (status === STATUS.missing) return undefined
    throw unexpected(server, reply)
  }

  async function readGroup(
    server: MemjsServer,
    positions: readonly number[],
    keys: readonly string[],
    slots: (Stored | Error | undefined)[],
  ): Promise<void> {
    let refusal: Error | undefined
    let next = 0
    const questions = positions.map(position => ({
      opcode: OPCODE.getKeyQuietly,
      key: keys[position] as string,
    }))
    try {
      await exchange.askQuietly(server, questions, (reply, socket) => {
        if (reply.header.status === STATUS.ok) {
          // Hits come in the order of the questions, and misses not at all.
          const key = keyOf(reply)
          while (next < positions.length && questions[next]?.key !== key) next++
          const position = positions[next++]
          if (position === undefined) refusal ??= unexpected(server, reply)
          else slots[position] = readStored(reply, socket, dialect)
        } else if (reply.header.status !== STATUS.missing) refusal ??= unexpected(server, reply)
      })
      if (refusal) throw refusal
    } catch (error) {
      for (const position of positions) slots[position] ??= error as Error
    }
  }

  async function deleteGroup(server: MemjsServer, keys: readonly string[]): Promise<void> {
    let refusal: Error | undefined
    const questions = keys.map(key => ({ opcode: OPCODE.deleteQuietly, key }))
    await exchange.askQuietly(server, questions, reply => {
      if (reply.header.status !== STATUS.missing) refusal ??= unexpected(server, reply)
    })
    if (refusal) throw refusal
  }

  async function closeOurs(): Promise<void> {
    const connected = ours?.servers.filter(server => server._socket) ?? []
    // Replies come in order, so what was sent before is answered before this.
    await Promise.allSettled(connected.map(server => exchange.ask(server, { opcode: OPCODE.noop }, readDone)))
    ours?.close()
  }

  return {
    kind: 'remote',
    name,
    limits: { maxValueBytes, ttlStep: TTL_STEP },
    ...(exchange.servers.length > 1 && { shards: memcachedShards(exchange) }),

    async get(key) {
      return exchange.ask(serverFor(key), { opcode: OPCODE.get, key }, readValue)
    },

    async getMany(keys) {
      checkOpen()
      for (const key of keys) checkWireKey(key)
      const slots = new Array<Stored | Error | undefined>(keys.length).fill(undefined)
      const groups = [...exchange.byServer(keys)]
      await Promise.all(groups.map(([server, positions]) => readGroup(server, positions, keys, slots)))
      return slots
    },

    async set(key, bytes, ttl) {
      const server = serverFor(key)
      return exchange.ask(server, storage(OPCODE.set, key, bytes, ttl), readDone)
    },

    async add(key, bytes, ttl) {
      const server = serverFor(key)
      const version = await exchange.ask(server, storage(OPCODE.add, key, bytes, ttl), readVersion)
      if (version === undefined || version.matches) return version
      // Nobody can ever commit over what was added.
      await exchange.ask(server, { opcode: OPCODE.delete, key }, readDeleted)
      throw withoutCas(server)
    },

    async replace(key, bytes, ttl, version) {
      const server = serverFor(key)
      const question = storage(OPCODE.set, key, bytes, ttl)
      return isOurs(version) ? exchange.askOver(server, version, question, readVersion) : undefined
    },

    async delete(key, version) {
      const server = serverFor(key)
      const question = { opcode: OPCODE.delete, key }
      if (version === undefined) return exchange.ask(server, question, readDeleted)
      return isOurs(version) && (await exchange.askOver(server, version, question, readDeleted)) === true
    },

    async deleteMany(keys) {
      checkOpen()
      for (const key of keys) checkWireKey(key)
      const groups = [...exchange.byServer(keys)]
      const deletions = groups.map(([server, positions]) =>
        deleteGroup(
          server,
          positions.map(position => keys[position] as string),
        ),
      )
      for (const outcome of await Promise.allSettled(deletions)) {
        if (outcome.status === 'rejected') throw outcome.reason
      }
    },

    async increment(key, by, increment) {
      serverFor(key)
      return incrementCounter(exchange, key, by, increment)
    },

    async ping(scope = 'every') {
      checkOpen()
      const { servers } = exchange
      const pings = servers.map(server => exchange.ping(server))
      const one =
        scope === 'any' &&
        (await Promise.any(pings).then(
          () => true,
          () => false,
        ))
      if (one) return
      const answers = await Promise.allSettled(pings)
      const failures = answers.flatMap((answer, index) =>
        answer.status === 'rejected'
          ? [{ server: servers[index] as MemjsServer, reason: answer.reason }]
          : [],
      )
      if (failures.length === 0) return
      const list = failures
        .map(({ server, reason }) => `${addressOf(server)} (${describe(reason)})`)
        .join(', ')
      throw new CacheError(
        'ERR_CACHE_UNAVAILABLE',
        `no answer from memcached at ${list}; check that it runs there and can be reached`,
        { cause: failures[0]?.reason },
      )
    },

    answered: error => error instanceof MemcachedRefusal,

    close() {
      closing ??= closeOurs()
      return closing
    },
  }
}

const readDone: Reader<void> = (reply, _socket, server) => {
  if (reply.header.status !== STATUS.ok) throw unexpected(server, reply)
}

/** `undefined` says that the condition of an add or a compare-and-set was not met. */
const readVersion: Reader<MemcachedVersion | undefined> = (reply, socket, server) => {
  const { status } = reply.header
  if (status === STATUS.ok) return new MemcachedVersion(socket, reply)
  if (status === STATUS.missing || status === STATUS.exists || status === STATUS.notStored) return undefined
  throw unexpected(server, reply)
}

const readDeleted: Reader<boolean> = (reply, _socket, server) => {
  const { status } = reply.header
  if (status === STATUS.ok) return true
  if (status === STATUS.missing || status === STATUS.exists) return false
  throw unexpected(server, reply)
}

function isOurs(version: Version): version is MemcachedVersion {
  return version instanceof MemcachedVersion
}

function keyOf(reply: MemjsReply): string {
  if (reply instanceof MemcachedReply) return reply.keyText
  const { buffer, byteOffset, byteLength } = reply.key
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}
