import { CacheError } from '@lookaside/core'
import { encodeRequest, encodeRequests, OPCODE, type Question, STATUS } from './memcached-protocol.js'
import type { MemcachedVersion } from './memcached-version.js'
import type { MemjsClient, MemjsReply, MemjsServer } from './memjs-client.js'

/** Makes a reply into a result; `socket` is the connection that carried it. */
export type Reader<T> = (reply: MemjsReply, socket: object, server: MemjsServer) => T

const NOOP: Question = { opcode: OPCODE.noop }

/**
 * Sends requests to the servers of a memjs client, each exactly once.
 *
 * Beside memjs' own `perform`, which would send an increment twice and move on to another server after a failure.
 */
export class MemcachedExchange {
  readonly #client: MemjsClient

  constructor(client: MemjsClient) {
    this.#client = client
  }

  get servers(): readonly MemjsServer[] {
    return this.#client.servers
  }

  serverOf(key: string): MemjsServer {
    const { servers } = this.#client
    return servers[servers.length > 1 ? Number(this.#client.getServer(key)) : 0] as MemjsServer
  }

  /** The keys' positions in `keys`, by the server that has them. */
  byServer(keys: readonly string[]): Map<MemjsServer, number[]> {
    const groups = new Map<MemjsServer, number[]>()
    for (const [position, key] of keys.entries()) {
      const server = this.serverOf(key)
      const group = groups.get(server)
      if (group) group.push(position)
      else groups.set(server, [position])
    }
    return groups
  }

  /** Sends one request; `read` may throw. */
  ask<T>(server: MemjsServer, question: Question, read: Reader<T>): Promise<T> {
    const seq = this.#nextSeq()
    return this.#send(server, seq, encodeRequest(seq, question), read)
  }

  /** Sends one request behind another whose reply nobody waits for, in one piece. */
  askAfter<T>(server: MemjsServer, ahead: Question, question: Question, read: Reader<T>): Promise<T> {
    const unheard = encodeRequest(this.#nextSeq(), ahead)
    const seq = this.#nextSeq()
    return this.#send(server, seq, Buffer.concat([unheard, encodeRequest(seq, question)]), read)
  }

  /**
   * Sends one request that holds only for what `version` names, over the connection on which that was read.
   *
   * Resolves to `undefined`, having sent nothing, when that connection is gone or the version can match nothing.
   */
  async askOver<T>(
    server: MemjsServer,
    version: MemcachedVersion,
    question: Question,
    read: Reader<T>,
  ): Promise<T | undefined> {
    const there = version.matches && server.connected && server._socket === version.socket
    if (!there) return undefined
    const seq = this.#nextSeq()
    return this.#send(server, seq, encodeRequest(seq, question, version), read)
  }

  /** Sends quiet requests and a closing no-op in one piece; `hear` gets what is answered before the no-op is. */
  askQuietly(server: MemjsServer, questions: readonly Question[], hear: Reader<void>): Promise<void> {
    const seq = this.#nextSeq()
    const read: Reader<void> = (reply, socket) => {
      if (reply.header.opcode !== OPCODE.noop) hear(reply, socket, server)
      else if (reply.header.status !== STATUS.ok) throw unexpected(server, reply)
    }
    return this.#send(server, seq, encodeRequests(seq, [...questions, NOOP]), read, true)
  }

  /** The next number of the client's own sequence; memjs lets it go negative, which no request can carry. */
  #nextSeq(): number {
    this.#client.incrSeq()
    return this.#client.seq >>> 0
  }

  #send<T>(server: MemjsServer, seq: number, request: Buffer, read: Reader<T>, quiet = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let carrier: object
      const respond = (reply: MemjsReply) => {
        try {
          const result = read(reply, carrier, server)
          if (!quiet || reply.header.opcode === OPCODE.noop) resolve(result)
        } catch (error) {
          reject(error)
        }
      }
      server.onResponse(seq, quiet ? Object.assign(respond, { quiet }) : respond)
      // memjs rejects with a string when authentication fails.
      server.onError(seq, error => reject(error instanceof Error ? error : new Error(String(error))))
      server.sock(false, socket => {
        carrier = socket
        server.write(request)
      })
    })
  }
}

/** What to throw for a reply that the request did not provide for. */
export function unexpected(server: MemjsServer, { header, val }: MemjsReply): Error {
  const name = `memcached at ${server.host}:${server.port}`
  const said = Buffer.from(val).toString('latin1').slice(0, 100)
  if (header.status === STATUS.tooLarge) {
    return new CacheError(
      'ERR_CACHE_TOO_LARGE',
      `${name} refused a value as too large; set maxValueBytes to what the server takes (its -I option, less about 500 bytes)`,
    )
  }
  if (header.status === STATUS.notAuthenticated) {
    return new CacheError(
      'ERR_CACHE_UNAVAILABLE',
      `${name} demands authentication; set username and password`,
    )
  }
  return new Error(`${name} answered with status 0x${header.status.toString(16)}${said && `: ${said}`}`)
}

/** What to throw where a claim is needed and the server has no CAS ids to give. */
export function withoutCas(server: MemjsServer): CacheError {
  return new CacheError(
    'ERR_CACHE_UNSUPPORTED',
    `memcached at ${server.host}:${server.port} gives every item the CAS id 0, which no claim can rest on; start it without -C (--disable-cas)`,
  )
}
