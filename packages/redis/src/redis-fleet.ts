import { CacheError } from '@lookaside/core'
import { FirstAttempt } from './first-attempt.js'
import { type LineTiming, type Place, RedisLine } from './redis-line.js'
import type { LineClient } from './redis-line-client.js'
import { clusterMasters } from './redis-masters.js'
import type { ClusterOrigin, Origin } from './redis-origin.js'

/** What the lines of a fleet are for, and who hears of them. */
export interface FleetDuty {
  setUp(client: LineClient, place: Place): Promise<void>
  beat(client: LineClient, place: Place): Promise<unknown>
  /** A line to every server is up. */
  up(): void
  /** At least one is not; told again with every cause. */
  down(cause: CacheError): void
  /** The servers have become known, or others than before. */
  moved?(): void
}

/**
 * One line to every server that holds keys: to the one there is, or to each master of a Cluster.
 *
 * On a Cluster one more line asks for the masters with every heartbeat, as the cluster client only looks for them
 * when a command of its own went astray.
 */
export class RedisFleet {
  readonly #timing: LineTiming
  readonly #duty: FleetDuty
  readonly #lines = new Map<string, { readonly line: RedisLine; readonly place: Place }>()
  #scout: RedisLine | undefined
  #stopWaiting: () => void = () => {}
  #up = false
  readonly #opening = new FirstAttempt()
  #cause = new CacheError('ERR_CACHE_UNAVAILABLE', 'there is no connection yet')

  constructor(origin: Origin, timing: LineTiming, duty: FleetDuty) {
    this.#timing = timing
    this.#duty = duty
    if (origin.kind === 'server') this.#add(origin.place)
    else {
      this.#stopWaiting = origin.whenKnown(timing.connectTimeout, () => {
        this.#scout = this.#newScout(origin)
      })
    }
  }

  /** The servers known now. */
  get places(): readonly Place[] {
    return [...this.#lines.values()].map(({ place }) => place)
  }

  /** Sends a command on the line to one server, always the same as long as it is there: so commands keep their order. */
  async callOne<T>(command: (client: LineClient) => Promise<T>): Promise<T> {
    await this.#opening.wait()
    const [first] = this.#lines.values()
    if (first === undefined) throw this.#cause
    return await first.line.call(command)
  }

  /** Sends a command on every line that is up, and waits for the answers, whatever they are. */
  async callAll(command: (client: LineClient, place: Place) => Promise<unknown>): Promise<void> {
    const up = [...this.#lines.values()].filter(({ line }) => line.client !== undefined)
    await Promise.allSettled(up.map(({ line, place }) => line.call(client => command(client, place))))
  }

  /** Ends all lines for good. Nobody is told. */
  close(reason: CacheError): void {
    this.#cause = reason
    this.#stopWaiting()
    this.#scout?.close(reason)
    for (const { line } of this.#lines.values()) line.close(reason)
    this.#lines.clear()
    this.#opening.end()
  }

  #add(place: Place): void {
    const line = new RedisLine(this.#timing, {
      place: () => place,
      setUp: client => this.#duty.setUp(client, place),
      beat: client => this.#duty.beat(client, place),
      up: () => this.#settle(),
      down: cause => this.#isDown(cause),
    })
    this.#lines.set(place.key, { line, place })
  }

  #newScout(origin: ClusterOrigin): RedisLine {
    let turn = 0
    const look = async (client: LineClient) => this.#moveTo(await clusterMasters(client, origin))
    return new RedisLine(this.#timing, {
      place() {
        const known = origin.known()
        const place = known[turn++ % known.length]
        if (place === undefined) throw new Error('the Redis Cluster knows of no node')
        return place
      },
      setUp: look,
      beat: look,
      up: () => this.#settle(),
      down: cause => this.#isDown(cause),
    })
  }

  #moveTo(places: readonly Place[]): void {
    const keys = new Set(places.map(({ key }) => key))
    const joined = places.filter(({ key }) => !this.#lines.has(key))
    const left = [...this.#lines].filter(([key]) => !keys.has(key))
    for (const [key, { line, place }] of left) {
      this.#lines.delete(key)
      line.close(unavailable(`${place.target.server} has left the Redis Cluster`))
    }
    for (const place of joined) this.#add(place)
    if (joined.length + left.length === 0) return
    const [{ target } = { target: undefined }] = joined
    if (target !== undefined && this.#up) {
      this.#isDown(unavailable(`${target.server} has joined the Redis Cluster and is not connected yet`))
    }
    this.#duty.moved?.()
    this.#settle()
  }

  #settle(): void {
    const lines = [...this.#lines.values()].map(({ line }) => line)
    if (this.#scout !== undefined) lines.push(this.#scout)
    if (this.#up || this.#lines.size === 0 || lines.some(({ client }) => client === undefined)) return
    this.#up = true
    this.#opening.end()
    this.#duty.up()
  }

  #isDown(cause: CacheError): void {
    this.#up = false
    this.#cause = cause
    this.#opening.end()
    this.#duty.down(cause)
  }
}

function unavailable(message: string): CacheError {
  return new CacheError('ERR_CACHE_UNAVAILABLE', message)
}
