import { pieces } from '../at-most.js'
import type { Milliseconds } from '../duration.js'
import type { InvalidationKind } from '../invalidation/deliver.js'
import type { KeySpace } from '../keys/key.js'
import { randomId } from '../random-bits.js'
import type { MessageBus } from './bus.js'
import type { BusMember, HoldingContext } from './bus-member.js'
import { type BusBody, type BusMessage, decodeMessage, encodeMessage } from './bus-message.js'

/** How often each source tells its number, so that the loss of its last message is noticed. */
const BEAT: Milliseconds = 1_000

/** Whoever was not heard for this long may have sent what was lost, and died. */
const SILENCE: Milliseconds = 3_500

/** Keeps messages small. */
const MOST_KEYS = 500

/** Another cache on the bus. */
interface Source {
  /** That of its latest message. */
  number: number
  /** By `Clock.monotonic()`. */
  heardAt: Milliseconds
}

/**
 * A cache on a bus of messages.
 *
 * Each source numbers what it invalidates, and repeats the latest number once a second. Whoever misses a number, or
 * the source itself, drops its local tier. What a cache sends comes back to it: while that fails it keeps nothing.
 */
export class MessageMember implements BusMember {
  readonly #bus: MessageBus
  readonly #context: HoldingContext
  readonly #channel: string
  readonly #source = randomId()
  readonly #sources = new Map<string, Source>()
  readonly #stop: () => void
  #number = 0
  #connected = false
  /** The bus has brought back the hello of this cache, and what it has sent since. */
  #heard = false
  #heardAt: Milliseconds = 0
  #cancelBeat: (() => void) | undefined
  #left = false
  /** It has not taken a message within the time there is. */
  #hangs = false

  constructor(bus: MessageBus, context: HoldingContext) {
    this.#bus = bus
    this.#context = context
    this.#channel = `${context.root.path}:#bus`
    this.#stop = bus.listen(this.#channel, {
      up: () => this.#up(),
      down: cause => this.#down(cause),
      flushed: () => context.copies.dropAll('flushed'),
      message: bytes => this.#hear(decodeMessage(bytes)),
    })
    this.#scheduleBeat()
  }

  async tellKeys(ats: readonly string[]): Promise<void> {
    await Promise.all(pieces(ats, MOST_KEYS).map(keys => this.#tell({ type: 'keys', keys })))
  }

  async tellTags(kind: InvalidationKind, tokens: readonly string[]): Promise<void> {
    const bodies = pieces(tokens, MOST_KEYS).map(piece => ({ type: 'tags', kind, tokens: piece }) as const)
    await Promise.all(bodies.map(body => this.#tell(body)))
  }

  tellClear({ path }: KeySpace): Promise<void> {
    return this.#tell({ type: 'clear', path })
  }

  async leave(): Promise<void> {
    this.#left = true
    this.#cancelBeat?.()
    if (this.#connected) await this.#send({ type: 'bye' })
    this.#stop()
    this.#distrust()
  }

  #tell(body: BusBody): Promise<void> {
    this.#number++
    return this.#send(body)
  }

  /** What does not arrive is noticed by those who miss its number. A bus that hangs is waited for once. */
  async #send(body: BusBody): Promise<void> {
    const { clock, timeout } = this.#context
    const message = encodeMessage({ source: this.#source, number: this.#number, body })
    const settle = () => {
      this.#hangs = false
    }
    const sent = this.#bus.publish(this.#channel, message).then(settle, settle)
    if (this.#hangs) return
    let cancel = () => {}
    const late = new Promise<void>(resolve => {
      cancel = clock.timer(timeout, () => {
        this.#hangs = true
        resolve()
      })
    })
    await Promise.race([sent, late])
    cancel()
  }

  #up(): void {
    this.#connected = true
    this.#heard = false
    this.#heardAt = this.#context.clock.monotonic()
    this.#distrust()
    this.#sources.clear()
    void this.#send({ type: 'hello' })
  }

  #down(cause: unknown): void {
    const { events } = this.#context
    this.#connected = false
    const wasUp = this.#heard
    this.#heard = false
    this.#distrust()
    if (wasUp && events.active) events.emit({ type: 'bus', bus: this.#bus.name, state: 'down', cause })
  }

  #distrust(): void {
    const { copies } = this.#context
    copies.trust(false)
    copies.dropAll('bus-down')
  }

  #hear(message: BusMessage | undefined): void {
    if (message === undefined) this.#context.copies.dropAll('gap')
    else if (message.source === this.#source) this.#hearMyself(message)
    else this.#hearOther(message)
  }

  #hearMyself({ body }: BusMessage): void {
    if (!this.#connected) return
    const { copies, clock, events } = this.#context
    this.#heardAt = clock.monotonic()
    // Anything else may have been sent before the bus was up.
    if (this.#heard || body.type !== 'hello') return
    this.#heard = true
    copies.dropAll('bus-up')
    copies.trust(true)
    if (events.active) events.emit({ type: 'bus', bus: this.#bus.name, state: 'up' })
  }

  #hearOther({ source, number, body }: BusMessage): void {
    const { copies, clock } = this.#context
    const told = body.type === 'keys' || body.type === 'tags' || body.type === 'clear'
    const known = this.#sources.get(source)
    const expected = (known?.number ?? 0) + (told ? 1 : 0)
    if (number > expected) copies.dropAll(known === undefined ? 'unknown-source' : 'gap')
    this.#apply(body)
    if (body.type === 'bye') this.#sources.delete(source)
    else
      this.#sources.set(source, { number: Math.max(number, known?.number ?? 0), heardAt: clock.monotonic() })
    // After the leave-taking it would be a source that falls silent.
    if (body.type === 'hello' && !this.#left) void this.#send({ type: 'beat' })
  }

  #apply(body: BusBody): void {
    const { copies, changed } = this.#context
    switch (body.type) {
      case 'keys':
        for (const at of body.keys) {
          copies.dropWire(at)
          changed(at)
        }
        return
      case 'tags':
        for (const at of body.tokens) copies.dropTagAt(body.kind, at)
        return
      case 'clear':
        copies.dropPath(body.path)
    }
  }

  #scheduleBeat(): void {
    this.#cancelBeat = this.#context.clock.timer(BEAT, () => {
      if (this.#left) return
      if (this.#connected) this.#beat()
      this.#scheduleBeat()
    })
  }

  #beat(): void {
    const { copies, clock, events } = this.#context
    const now = clock.monotonic()
    for (const [source, { heardAt }] of this.#sources) {
      if (now - heardAt <= SILENCE) continue
      this.#sources.delete(source)
      copies.dropAll('silence')
    }
    if (this.#heard && now - this.#heardAt > SILENCE) {
      this.#heard = false
      copies.trust(false)
      copies.dropAll('silence')
      if (events.active) events.emit({ type: 'bus', bus: this.#bus.name, state: 'down' })
    }
    // While its hello has not come back it may not have reached the others either.
    void this.#send({ type: this.#heard ? 'beat' : 'hello' })
  }
}
