import type { CacheError, MessageListener } from '@lookaside/core'
import { BusAudience } from './bus-audience.js'
import type { LineClient } from './redis-line-client.js'

/** A channel that somebody listens to. */
interface Channel {
  /** Its name at the server. */
  readonly name: string
  readonly audience: BusAudience<MessageListener>
  /** The client that was told to subscribe to it. */
  asked: LineClient | undefined
  /** The client of which the server has said that it is subscribed. */
  subscribed: LineClient | undefined
}

/** The channels that are listened to, and which client is subscribed to them. */
export class PubsubChannels {
  readonly #channels = new Map<string, Channel>()
  /** Why they are down, as far as that is known. */
  #cause: CacheError | undefined

  get names(): readonly string[] {
    return [...this.#channels.keys()]
  }

  /** @param gone called once nobody listens to the channel any longer, with the client that was told of it. */
  listen(
    name: string,
    listener: MessageListener,
    gone: (subscribed: LineClient | undefined) => void,
  ): () => void {
    const channel = this.#channels.get(name) ?? this.#open(name)
    const leave = channel.audience.add(listener)
    return () => {
      leave()
      if (channel.audience.size > 0 || this.#channels.get(name) !== channel) return
      this.#channels.delete(name)
      gone(channel.asked)
    }
  }

  /** Subscribes a client to all channels that it was not told of yet. */
  async subscribe(client: LineClient): Promise<void> {
    const asked = [...this.#channels.values()].filter(channel => channel.asked !== client)
    for (const channel of asked) channel.asked = client
    if (asked.length > 0) await client.subscribe(...asked.map(({ name }) => name))
    for (const channel of asked) channel.subscribed = client
  }

  /** What a client has received. */
  hear(client: LineClient, name: string, message: Buffer | Buffer[] | null): void {
    const channel = this.#channels.get(name)
    if (channel?.subscribed !== client || !Buffer.isBuffer(message)) return
    channel.audience.each(listener => listener.message(message))
  }

  /** The channels that this client is subscribed to are up. */
  up(client: LineClient): void {
    this.#cause = undefined
    for (const { audience, subscribed } of this.#channels.values()) {
      if (subscribed === client) audience.up()
    }
  }

  down(cause: CacheError): void {
    this.#cause = cause
    for (const { audience } of this.#channels.values()) audience.down(cause)
  }

  flushed(): void {
    for (const { audience } of this.#channels.values()) audience.each(listener => listener.flushed())
  }

  /** Nobody is told anything more. */
  clear(): void {
    for (const { audience } of this.#channels.values()) audience.clear()
    this.#channels.clear()
  }

  #open(name: string): Channel {
    const audience = new BusAudience<MessageListener>()
    if (this.#cause !== undefined) audience.down(this.#cause)
    const channel = { name, audience, asked: undefined, subscribed: undefined }
    this.#channels.set(name, channel)
    return channel
  }
}
