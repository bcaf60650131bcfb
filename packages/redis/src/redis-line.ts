import { CacheError, type Milliseconds } from '@lookaside/core'
import { deadline } from './after-reading.js'
import { FirstAttempt } from './first-attempt.js'
import { unavailable } from './redis-bus-errors.js'
import type { RedisTarget } from './redis-failure.js'
import type { LineClient } from './redis-line-client.js'
import { withoutCredentials } from './without-credentials.js'

/** How long things take on a line. */
export interface LineTiming {
  /** How long an attempt may take, until the line is set up. */
  readonly connectTimeout: Milliseconds
  /** How long an answer may take. */
  readonly socketTimeout: Milliseconds
  /** How long after an answer the server is asked again. */
  readonly heartbeat: Milliseconds
}

/** A server that connections can be made to. */
export interface Place {
  /** Tells servers apart: host and port. */
  readonly key: string
  readonly target: RedisTarget
  /** A client that has not connected yet. */
  open(connectTimeout: Milliseconds): LineClient
}

/** What a line is for, and who hears of it. */
export interface LineDuty {
  /** Where to connect to now; throws where nothing is known. */
  place(): Place
  /** Makes a new connection useful; the line is up once this has resolved. */
  setUp(client: LineClient, place: Place): Promise<void>
  /** Asks the server for a sign of life. */
  beat(client: LineClient, place: Place): Promise<unknown>
  up(): void
  /** Told of every attempt that fails, too. */
  down(cause: CacheError): void
}

const SHORTEST_DELAY: Milliseconds = 50
const LONGEST_DELAY: Milliseconds = 1_000

/**
 * One connection for one purpose, which is watched by a heartbeat and made anew whenever it is lost.
 *
 * Each attempt has a client of its own, so that nothing of a lost connection lives on in the next one.
 */
export class RedisLine {
  readonly #timing: LineTiming
  readonly #duty: LineDuty
  /** Of the current attempt, or of the connection that is up. */
  #client: LineClient | undefined
  #target: RedisTarget | undefined
  #up = false
  #failures = 0
  #cause = new CacheError('ERR_CACHE_UNAVAILABLE', 'there is no connection yet')
  #timer: NodeJS.Timeout | undefined
  #stopDeadline: () => void = () => {}
  readonly #opening = new FirstAttempt()

  constructor(timing: LineTiming, duty: LineDuty) {
    this.#timing = timing
    this.#duty = duty
    // Whoever makes a line hears nothing of it before it has it.
    this.#timer = setTimeout(() => this.#connect(), 0)
  }

  /** The client, while the line is up. */
  get client(): LineClient | undefined {
    return this.#up ? this.#client : undefined
  }

  /**
   * Sends a command, after the first attempt to connect has ended.
   *
   * @throws CacheError `ERR_CACHE_UNAVAILABLE` at once while the line is down, and when the answer takes too long:
   * then the line is lost. What the server refuses is thrown as ioredis has it.
   */
  async call<T>(command: (client: LineClient) => Promise<T>): Promise<T> {
    await this.#opening.wait()
    const { client } = this
    if (client === undefined) throw this.#cause
    return await this.#answer(client, command(client))
  }

  /** Gives up the connection that this client is, for a reason, and makes a new one; unless that was done already. */
  lose(client: LineClient | undefined, reason: unknown): void {
    if (client === undefined || this.#client !== client) return
    this.#drop(client)
    this.#failed(reason)
  }

  /** Gives up the connection or the attempt that there is, for a reason, and makes a new one. */
  loseCurrent(reason: unknown): void {
    this.lose(this.#client, reason)
  }

  /** Ends the line for good; commands under way are rejected. Nobody is told. */
  close(reason: CacheError): void {
    clearTimeout(this.#timer)
    this.#cause = reason
    if (this.#client !== undefined) this.#drop(this.#client)
    this.#opening.end()
  }

  #connect(): void {
    const { connectTimeout } = this.#timing
    let place: Place
    let client: LineClient
    this.#target = undefined
    try {
      place = this.#duty.place()
      client = place.open(connectTimeout)
    } catch (error) {
      this.#failed(error)
      return
    }
    this.#client = client
    this.#target = place.target
    // Every error of such a connection ends it: with the wrong database selected it must not go on, either.
    client.on('error', error => this.lose(client, error))
    client.on('end', () => this.lose(client, new Error('the connection was closed')))
    this.#stopDeadline = deadline(connectTimeout, () => {
      const { stream } = client
      const shakingHands = place.target.tls && client.status === 'connecting' && stream?.connecting === false
      const hint = shakingHands ? '; it makes no TLS handshake, is it a plain port?' : ''
      this.lose(client, new Error(`it was not ready within ${connectTimeout} ms${hint}`))
    })
    client
      .connect()
      .then(() => this.#duty.setUp(client, place))
      .then(
        () => this.#isUp(client, place),
        error => this.lose(client, error),
      )
  }

  #isUp(client: LineClient, place: Place): void {
    if (this.#client !== client) return
    this.#stopDeadline()
    this.#up = true
    this.#opening.end()
    this.#listenForBeat(client, place)
    this.#duty.up()
  }

  #listenForBeat(client: LineClient, place: Place): void {
    this.#timer = setTimeout(() => {
      this.#answer(client, this.#duty.beat(client, place)).then(
        () => {
          if (this.#client !== client) return
          // Only what has lasted shows that the next attempt may come soon.
          this.#failures = 0
          this.#listenForBeat(client, place)
        },
        error => this.lose(client, error),
      )
    }, this.#timing.heartbeat).unref()
  }

  #answer<T>(client: LineClient, answer: Promise<T>): Promise<T> {
    const { socketTimeout } = this.#timing
    return new Promise((resolve, reject) => {
      const stop = deadline(socketTimeout, () => {
        this.lose(client, new Error(`it did not answer within ${socketTimeout} ms`))
        reject(this.#cause)
      })
      answer.then(
        value => {
          stop()
          resolve(value)
        },
        error => {
          stop()
          reject(this.#client === client ? withoutCredentials(error) : this.#cause)
        },
      )
    })
  }

  #drop(client: LineClient): void {
    this.#client = undefined
    this.#up = false
    clearTimeout(this.#timer)
    this.#stopDeadline()
    client.disconnect()
    // A server that is frozen would never answer to the end of the connection.
    client.stream?.destroy()
  }

  #failed(reason: unknown): void {
    this.#cause = unavailable(this.#target, reason)
    const delay = Math.min(SHORTEST_DELAY * 2 ** this.#failures, LONGEST_DELAY)
    this.#failures++
    this.#timer = setTimeout(() => this.#connect(), delay)
    this.#opening.end()
    this.#duty.down(this.#cause)
  }
}
