import type { Milliseconds } from '@lookaside/core'
import { Redis, type RedisOptions } from 'ioredis'
import { afterReading, BUSY } from './after-reading.js'
import { noTlsHandshake } from './redis-failure.js'

/** How long each thing may take. */
interface RedisTimeouts {
  readonly connect: Milliseconds
  readonly silence: Milliseconds
  readonly command: Milliseconds | undefined
}

type Sent = Parameters<Redis['sendCommand']>

/**
 * A `Redis` with timeouts of its own in place of ioredis' `connectTimeout`, `socketTimeout` and `commandTimeout`.
 *
 * After the process was busy its timers run before its sockets are read. So each timeout waits until what has come in
 * meanwhile was read, and never takes a busy process for a silent server.
 */
export class TimedRedis extends Redis {
  readonly #timeouts: RedisTimeouts
  #connectTimer: NodeJS.Timeout | undefined
  #silenceTimer: NodeJS.Timeout | undefined
  #heardAt: Milliseconds = 0

  constructor(options: RedisOptions & { replyMapping?: 'legacy' }, timeouts: RedisTimeouts) {
    super({ ...options, connectTimeout: 0 })
    this.#timeouts = timeouts
    const stopConnectTimer = () => clearTimeout(this.#connectTimer)
    this.on('connecting', () => {
      this.#connectTimer = afterReading(timeouts.connect, () => this.#checkConnected())
    })
    this.on('connect', () => {
      stopConnectTimer()
      this.stream.on('data', () => {
        this.#heardAt = performance.now()
      })
    })
    this.on('close', stopConnectTimer)
  }

  /** Whether the server has been reached but TLS has not begun. */
  get shakingHands(): boolean {
    return this.status === 'connecting' && this.stream?.connecting === false && !this.stream.destroyed
  }

  override sendCommand(command: Sent[0], stream?: Sent[1]): unknown {
    const answer = super.sendCommand(command, stream)
    // The first one after a silence in which nothing was owed: only from here on does silence count.
    if (this.commandQueue.length === 1) this.#heardAt = performance.now()
    this.#silenceTimer ??= this.#watch(this.#timeouts.silence)
    if (this.#timeouts.command !== undefined) limit(command, this.#timeouts.command)
    return answer
  }

  #checkConnected(): void {
    if (this.status !== 'connecting') return
    const error = new Error(`it could not be reached within ${this.#timeouts.connect} ms`)
    this.stream?.destroy(this.shakingHands ? noTlsHandshake() : Object.assign(error, { code: 'ETIMEDOUT' }))
  }

  #watch(ms: Milliseconds): NodeJS.Timeout {
    const due = performance.now() + ms
    return afterReading(ms, () => this.#checkSilence(due))
  }

  #checkSilence(due: Milliseconds): void {
    this.#silenceTimer = undefined
    if (this.commandQueue.length === 0) return
    const { silence } = this.#timeouts
    const now = performance.now()
    const left = this.#heardAt + silence - now
    if (left > 0) this.#silenceTimer = this.#watch(left)
    else if (now - due > BUSY) this.#silenceTimer = this.#watch(BUSY)
    else this.stream.destroy(new Error(`it sent nothing for ${silence} ms while it owed answers`))
  }
}

function limit(command: Sent[0], ms: Milliseconds): void {
  const timer = afterReading(ms, () => command.reject(new Error(`the command timed out after ${ms} ms`)))
  const stop = () => clearTimeout(timer)
  command.promise.then(stop, stop)
}
