import { connect, type Socket } from 'node:net'
import { CacheError, type Milliseconds } from '@lookaside/core'
import { Server } from 'memjs'
import { nameOf } from './memcached-failure.js'
import type { MemcachedServerSettings } from './memcached-options.js'
import { OPCODE, STATUS } from './memcached-protocol.js'
import { MemcachedReplyParser } from './memcached-reply-parser.js'
import type { MemjsReply } from './memjs-client.js'

const KEEP_ALIVE_AFTER: Milliseconds = 30_000

interface Pending {
  readonly respond: ((reply: MemjsReply) => void) & { readonly quiet?: boolean }
  fail: ((error: Error) => void) | undefined
}

/** A check that comes so late was held up by this process, which may not have read yet what the server has sent. */
const BUSY: Milliseconds = 20

/**
 * A memjs `Server` whose requests always come to an end.
 *
 * The first request opens the connection; once it is lost, the next request opens another. Losing it fails at once
 * every request that waits on it, and nothing is sent twice. A server that owes replies and sends nothing for
 * `timeout` counts as lost. Requests of one tick leave in one write.
 */
export class MemcachedServer extends Server {
  declare connected: boolean
  declare username: string | undefined
  declare password: string | undefined
  declare _socket: Socket | undefined

  readonly #settings: MemcachedServerSettings
  readonly #pending = new Map<number, Pending>()
  #waiting: ((socket: Socket) => void)[] = []
  #connectTimer: NodeJS.Timeout | undefined
  #silenceTimer: NodeJS.Timeout | undefined
  #heardAt: Milliseconds = 0
  #closed = false

  constructor(host: string, port: number, settings: MemcachedServerSettings) {
    super(host, port)
    this.#settings = settings
    // memjs would fall back on credentials from the environment, and send them where they are not meant to go.
    this.username = settings.username
    this.password = settings.password
  }

  /**
   * Takes a place in the queue for the reply to `seq`.
   *
   * @throws CacheError `ERR_CACHE_QUEUE_FULL` when `maxQueue` requests are under way already, `ERR_CACHE_CLOSED`
   * after `close()`.
   */
  override onResponse(seq: number, respond: Pending['respond']): void {
    if (this.#closed) throw this.#closedError()
    if (this.#pending.size >= this.#settings.maxQueue) {
      throw new CacheError(
        'ERR_CACHE_QUEUE_FULL',
        `${this.#name} has ${this.#pending.size} requests under way, as many as maxQueue allows; send fewer at once, or raise maxQueue`,
      )
    }
    this.#pending.set(seq, { respond, fail: undefined })
  }

  override onError(seq: number, fail: (error: Error) => void): void {
    const pending = this.#pending.get(seq)
    if (pending) pending.fail = fail
  }

  override error(error: Error): void {
    if (this._socket) this.#drop(this._socket, error)
  }

  override sock(sasl: boolean, go: (socket: Socket) => void): void {
    if (this._socket && (this.connected || sasl)) {
      go(this._socket)
      return
    }
    this.#waiting.push(go)
    if (!this._socket) this.#connect()
  }

  override write(request: Uint8Array): void {
    const socket = this._socket
    if (!socket || !this.connected) {
      this.sock(false, () => this.write(request))
      return
    }
    if (socket.writableCorked === 0) {
      socket.cork()
      process.nextTick(uncork, socket)
    }
    socket.write(request)
    // The first one after a silence in which nothing was owed: only from here on does silence count.
    if (this.#pending.size === 1) this.#heardAt = performance.now()
    this.#silenceTimer ??= this.#watch(socket, this.#settings.timeout)
  }

  /** Fails what is under way, leaves no connection behind and opens none again. */
  override close(): void {
    this.#closed = true
    this.error(this.#closedError())
  }

  #closedError(): CacheError {
    return new CacheError(
      'ERR_CACHE_CLOSED',
      `the connection to ${this.#name} has been closed; make a new store`,
    )
  }

  get #name(): string {
    return nameOf(this)
  }

  #connect(): void {
    const socket = connect({
      host: this.host,
      port: this.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_AFTER,
    })
    const parser = new MemcachedReplyParser(reply => this.#receive(socket, reply))
    const lose = (error: Error) => this.#drop(socket, error)
    const leave = () => lose(new Error(`${this.#name} closed the connection`))
    this._socket = socket
    this.#connectTimer = setTimeout(() => {
      const { connectTimeout } = this.#settings
      // What came in while the process was busy is read first.
      setImmediate(() => {
        if (!this.connected) lose(new Error(`${this.#name} could not be reached within ${connectTimeout} ms`))
      })
    }, this.#settings.connectTimeout)
    socket.on('connect', () => {
      if (this.username === undefined) this.#ready(socket)
      else this.listSasl()
    })
    socket.on('data', chunk => {
      if (this._socket !== socket) return
      this.#heardAt = performance.now()
      try {
        parser.push(chunk)
      } catch (error) {
        const message = `${this.#name} cannot be understood: what answers there is not memcached; check host and port`
        lose(new Error(message, { cause: error }))
      }
    })
    socket.on('error', lose)
    socket.on('end', leave)
    socket.on('close', leave)
  }

  #receive(socket: Socket, reply: MemjsReply): void {
    if (this._socket !== socket) return
    const { opcode, status } = reply.header
    if (opcode === OPCODE.listMechanisms && status === STATUS.ok) this.saslAuth()
    else if (opcode === OPCODE.listMechanisms || opcode === OPCODE.authenticate)
      this.#authenticated(socket, status)
    else this.#respond(reply)
  }

  #respond(reply: MemjsReply): void {
    const { opcode, opaque, status, totalBodyLength } = reply.header
    const pending = this.#pending.get(opaque)
    if (!pending) return
    const last = opcode === OPCODE.noop || (status === STATUS.ok && totalBodyLength === 0)
    if (last || !pending.respond.quiet) this.#pending.delete(opaque)
    pending.respond(reply)
  }

  #authenticated(socket: Socket, status: number): void {
    // A server that knows no authentication asks for none.
    if (status === STATUS.ok || status === STATUS.unknownCommand) {
      this.#ready(socket)
      return
    }
    this.#drop(
      socket,
      new CacheError(
        'ERR_CACHE_UNAVAILABLE',
        `${this.#name} refused to authenticate user '${this.username}' by SASL PLAIN; check username and password`,
      ),
    )
  }

  #ready(socket: Socket): void {
    clearTimeout(this.#connectTimer)
    this.connected = true
    this.#heardAt = performance.now()
    const waiting = this.#waiting
    this.#waiting = []
    for (const go of waiting) go(socket)
  }

  #watch(socket: Socket, ms: Milliseconds): NodeJS.Timeout {
    const due = performance.now() + ms
    // What came in while the process was busy is read first.
    return setTimeout(() => setImmediate(() => this.#checkSilence(socket, due)), ms).unref()
  }

  #checkSilence(socket: Socket, due: Milliseconds): void {
    if (this._socket !== socket) return
    this.#silenceTimer = undefined
    if (this.#pending.size === 0) return
    const { timeout } = this.#settings
    const now = performance.now()
    const left = this.#heardAt + timeout - now
    if (left > 0) this.#silenceTimer = this.#watch(socket, left)
    else if (now - due > BUSY) this.#silenceTimer = this.#watch(socket, BUSY)
    else this.#drop(socket, new Error(`${this.#name} sent nothing for ${timeout} ms while it owed replies`))
  }

  /** Ends one connection and what waited on it; what an older connection still has to say changes nothing. */
  #drop(socket: Socket, error: Error): void {
    if (this._socket !== socket) return
    this._socket = undefined
    this.connected = false
    clearTimeout(this.#connectTimer)
    clearTimeout(this.#silenceTimer)
    this.#silenceTimer = undefined
    socket.destroy()
    const lost = [...this.#pending.values()]
    this.#pending.clear()
    this.#waiting = []
    for (const { fail } of lost) fail?.(error)
  }
}

function uncork(socket: Socket): void {
  socket.uncork()
}
