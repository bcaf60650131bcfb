import { isCacheError } from '@lookaside/core'
import { nameOf, unavailable, unexpected } from './memcached-failure.js'
import { encodeRequest, encodeRequests, OPCODE, type Question, STATUS } from './memcached-protocol.js'
import { MemcachedQuarantine } from './memcached-quarantine.js'
import type { MemcachedVersion } from './memcached-version.js'
import type { MemjsClient, MemjsReply, MemjsServer } from './memjs-client.js'

/** Makes a reply into a result; `socket` is the connection that carried it. */
export type Reader<T> = (reply: MemjsReply, socket: object, server: MemjsServer) => T

const NOOP: Question = { opcode: OPCODE.noop }

/**
 * Sends requests to the servers of a memjs client, each exactly once.
 *
 * Of several servers each has its own quarantine, and what fails at one of them is `ERR_CACHE_UNAVAILABLE`: it says
 * nothing of the others. A single server has none; its failures are what its connection threw.
 *
 * Beside memjs' own `perform`, which would send an increment twice and move on to another server after a failure.
 */
export class MemcachedExchange {
  readonly #client: MemjsClient
  readonly #quarantines: ReadonlyMap<MemjsServer, MemcachedQuarantine> | undefined

  constructor(client: MemjsClient) {
    this.#client = client
    if (client.servers.length === 1) return
    this.#quarantines = new Map(
      client.servers.map(server => [
        server,
        new MemcachedQuarantine(nameOf(server), () => this.ping(server)),
      ]),
    )
  }

  get servers(): readonly MemjsServer[] {
    return this.#client.servers
  }

  /** The position of the key's server among `servers`: as the client places keys, whichever servers are up. */
  indexOf(key: string): number {
    return this.servers.length > 1 ? Number(this.#client.getServer(key)) : 0
  }

  serverOf(key: string): MemjsServer {
    return this.servers[this.indexOf(key)] as MemjsServer
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

  /** Resolves once the server has answered; asks it even in quarantine, which an answer ends. */
  ping(server: MemjsServer): Promise<void> {
    const seq = this.#nextSeq()
    return this.#write(server, seq, encodeRequest(seq, NOOP), (reply, _socket, asked) => {
      if (reply.header.status !== STATUS.ok) throw unexpected(asked, reply)
    })
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
    const quarantine = this.#quarantines?.get(server)
    if (quarantine === undefined) return this.#write(server, seq, request, read, quiet)
    const refusal = quarantine.refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    return this.#write(server, seq, request, read, quiet, error =>
      isCacheError(error) ? error : unavailable(server, error),
    )
  }

  /** @param told makes what became of the connection into what the caller is told. */
  #write<T>(
    server: MemjsServer,
    seq: number,
    request: Buffer,
    read: Reader<T>,
    quiet = false,
    told = (error: Error) => error,
  ): Promise<T> {
    const quarantine = this.#quarantines?.get(server)
    return new Promise<T>((resolve, reject) => {
      let carrier: object
      const respond = (reply: MemjsReply) => {
        quarantine?.answered()
        try {
          const result = read(reply, carrier, server)
          if (!quiet || reply.header.opcode === OPCODE.noop) resolve(result)
        } catch (error) {
          reject(error)
        }
      }
      server.onResponse(seq, quiet ? Object.assign(respond, { quiet }) : respond)
      server.onError(seq, reason => {
        // memjs rejects with a string when authentication fails.
        const error = reason instanceof Error ? reason : new Error(String(reason))
        quarantine?.failed(error)
        reject(told(error))
      })
      server.sock(false, socket => {
        carrier = socket
        server.write(request)
      })
    })
  }
}
