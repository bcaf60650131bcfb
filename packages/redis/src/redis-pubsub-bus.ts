import { randomBytes } from 'node:crypto'
import type { MessageBus, MessageListener } from '@lookaside/core'
import { PubsubChannels } from './pubsub-channels.js'
import { busClosed, busName, refused, unavailable } from './redis-bus-errors.js'
import { RedisCanary } from './redis-canary.js'
import { RedisFleet } from './redis-fleet.js'
import { type LineTiming, type Place, RedisLine } from './redis-line.js'
import type { LineClient } from './redis-line-client.js'
import type { Origin } from './redis-origin.js'

/**
 * Carries messages by PUBLISH and SUBSCRIBE.
 *
 * It takes a subscriber's connection, which over RESP2 can do nothing else, and one for commands, on a Cluster one to
 * each master. Those publish, and keep an eye on a canary, as FLUSHALL is something that subscribers don't hear of.
 */
export class RedisPubsubBus implements MessageBus {
  readonly kind = 'messages'
  readonly name: string
  readonly #origin: Origin
  readonly #timing: LineTiming
  readonly #channels = new PubsubChannels()
  readonly #canaries = new Map<string, RedisCanary>()
  #fleet: RedisFleet | undefined
  #fleetIsUp = false
  #subscriber: RedisLine | undefined
  #subscriberPlace: Place | undefined
  #closing: Promise<void> | undefined

  constructor(origin: Origin, timing: LineTiming) {
    this.#origin = origin
    this.#timing = timing
    this.name = busName('pubsub', origin.target)
  }

  listen(channel: string, listener: MessageListener): () => void {
    if (this.#closing !== undefined) throw busClosed(this.name)
    const name = this.#wireName(channel)
    const leave = this.#channels.listen(name, listener, client => {
      if (client === undefined || this.#subscriber?.client !== client) return
      // Where that fails the connection is lost anyway, and the next one won't know of the channel.
      client.unsubscribe(name).catch(() => {})
    })
    this.#start(name)
    this.#startSubscriber()
    this.#subscribe()
    return leave
  }

  async publish(channel: string, message: Uint8Array): Promise<void> {
    if (this.#closing !== undefined) throw busClosed(this.name)
    const name = this.#wireName(channel)
    // ioredis takes any other Uint8Array for text. And the caller may use its bytes again.
    const bytes = Buffer.from(message)
    const fleet = this.#start(name)
    try {
      await fleet.callOne(client => client.publish(name, bytes))
    } catch (error) {
      const { target } = this.#origin
      throw unavailable(target, refused(error, target, remedyFor(name)))
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#channels.clear()
    const reason = busClosed(this.name)
    this.#subscriber?.close(reason)
    // A key that a server does not let go of in time expires by itself.
    await this.#fleet?.callAll(async (client, { key }) => await this.#canaries.get(key)?.remove(client))
    this.#fleet?.close(reason)
  }

  /** Tenants that a prefix keeps apart don't hear each other. */
  #wireName(channel: string): string {
    return this.#origin.keyPrefix + channel
  }

  /** @param name the first channel that is used lends its name to the canaries. */
  #start(name: string): RedisFleet {
    if (this.#fleet !== undefined) return this.#fleet
    const stem = `${name}:${randomBytes(8).toString('hex')}`
    this.#fleet = new RedisFleet(this.#origin, this.#timing, {
      setUp: async (client, { key, target }) => {
        const canary = this.#canaries.get(key) ?? new RedisCanary(stem, this.#timing.heartbeat)
        this.#canaries.set(key, canary)
        try {
          await canary.place(client)
        } catch (error) {
          throw refused(error, target, remedyFor(name))
        }
      },
      beat: async (client, { key }) => {
        if (await this.#canaries.get(key)?.wasGone(client)) this.#channels.flushed()
      },
      up: () => {
        this.#fleetIsUp = true
        this.#announce()
      },
      down: cause => {
        this.#fleetIsUp = false
        this.#channels.down(cause)
      },
      moved: () => this.#follow(),
    })
    return this.#fleet
  }

  #follow(): void {
    this.#startSubscriber()
    const at = this.#subscriberPlace
    if (at === undefined || this.#fleet?.places.some(({ key }) => key === at.key)) return
    // A node that has left the Cluster hears nothing of what is published there.
    this.#subscriber?.loseCurrent(new Error(`${at.target.server} has left the Redis Cluster`))
  }

  /** Once there is somebody who listens, and a server is known. */
  #startSubscriber(): void {
    const fleet = this.#fleet
    if (fleet === undefined || fleet.places.length === 0 || this.#channels.names.length === 0) return
    this.#subscriber ??= new RedisLine(this.#timing, {
      place: () => {
        const { places } = fleet
        const place = places[Math.floor(Math.random() * places.length)]
        if (place === undefined) throw new Error('no master of the Redis Cluster is known')
        this.#subscriberPlace = place
        return place
      },
      setUp: async (client, { target }) => {
        client.on('messageBuffer', (name, message) => this.#channels.hear(client, String(name), message))
        try {
          await this.#channels.subscribe(client)
        } catch (error) {
          throw refused(error, target, remedyFor(this.#channels.names.join("', '")))
        }
      },
      beat: client => client.ping(),
      up: () => {
        this.#announce()
        // Those that came meanwhile.
        this.#subscribe()
      },
      down: cause => this.#channels.down(cause),
    })
  }

  /** Subscribes to what the connection that is up, if one is, has not been told of. */
  #subscribe(): void {
    const line = this.#subscriber
    if (line?.client === undefined) return
    let client: LineClient | undefined
    line
      .call(async current => {
        client = current
        await this.#channels.subscribe(current)
      })
      .then(
        () => this.#announce(),
        error => line.lose(client, error),
      )
  }

  #announce(): void {
    const client = this.#subscriber?.client
    if (client !== undefined && this.#fleetIsUp) this.#channels.up(client)
  }
}

function remedyFor(name: string): string {
  return `It takes a user that may SUBSCRIBE and PUBLISH to '${name}', and SET, PEXPIRE and DEL keys that begin so`
}
