import type { Milliseconds } from '../duration.js'
import { CacheError } from '../errors.js'
import { ownKey } from '../keys/key.js'
import { randomId } from '../random-bits.js'
import type { ChangeBus } from './bus.js'
import type { BusMember, HoldingContext } from './bus-member.js'

/** How long the news of a change may take before the bus is tried again. */
const PATIENCE: Milliseconds = 1_000

/** So many changes unheard of mean that the bus listens to another server. */
const TRIES = 3

const TOKEN_MARK = ':#tag:'

/**
 * A cache on a bus of changes: the server tells of every change, so there is nothing to tell.
 *
 * Only once it has heard of a change that it made itself does it keep copies: a bus that listens to another server
 * than the one which holds the values would never say a word.
 */
export class ChangeMember implements BusMember {
  readonly #bus: ChangeBus
  readonly #context: HoldingContext
  readonly #stop: () => void
  readonly #probe: string
  #heard = false
  #cancelTry: (() => void) | undefined

  constructor(bus: ChangeBus, context: HoldingContext) {
    const { root, copies } = context
    this.#bus = bus
    this.#context = context
    this.#probe = ownKey(root, 'probe', randomId())
    this.#stop = bus.listen(root.path === '' ? '' : `${root.path}:`, {
      up: () => this.#up(),
      down: cause => this.#down(cause),
      flushed: () => copies.dropAll('flushed'),
      changed: keys => this.#changed(keys),
    })
  }

  async tellKeys(): Promise<void> {}

  async tellTags(): Promise<void> {}

  async tellClear(): Promise<void> {}

  async leave(): Promise<void> {
    this.#cancelTry?.()
    this.#stop()
    this.#distrust()
  }

  #up(): void {
    // It may have been away without a word.
    if (this.#heard) this.#distrust()
    this.#heard = false
    this.#try(1)
  }

  #down(cause: unknown): void {
    const wasUp = this.#heard
    this.#heard = false
    this.#cancelTry?.()
    this.#distrust()
    if (wasUp) this.#tell('down', cause)
  }

  #changed(keys: readonly string[]): void {
    const { copies } = this.#context
    for (const at of keys) {
      if (at === this.#probe) this.#hearMyself()
      copies.dropWire(at)
      // Which half of its token has changed the next read tells.
      if (at.includes(TOKEN_MARK)) copies.dropTagAt('delete', at)
    }
  }

  #hearMyself(): void {
    if (this.#heard) return
    const { copies } = this.#context
    this.#heard = true
    this.#cancelTry?.()
    copies.dropAll('bus-up')
    copies.trust(true)
    this.#tell('up', undefined)
  }

  /** Makes a change to hear of. */
  #try(number: number): void {
    const { clock, probe } = this.#context
    this.#cancelTry?.()
    this.#cancelTry = clock.timer(PATIENCE, () => {
      if (number === TRIES) this.#tell('down', elsewhere(this.#bus.name))
      this.#try(number + 1)
    })
    // A store that does not answer has been reported; there will be another try.
    probe(this.#probe).catch(() => {})
  }

  #distrust(): void {
    const { copies } = this.#context
    copies.trust(false)
    copies.dropAll('bus-down')
  }

  #tell(state: 'up' | 'down', cause: unknown): void {
    const { events } = this.#context
    if (!events.active) return
    const told = cause === undefined ? {} : { cause }
    events.emit({ type: 'bus', bus: this.#bus.name, state, ...told })
  }
}

function elsewhere(bus: string): CacheError {
  return new CacheError(
    'ERR_CACHE_UNAVAILABLE',
    `the bus ${bus} has not told of a change that this cache made in its store: it has to listen to the very server that holds the values. Until it does the local tier stays empty; a bus of messages, such as redisBus(url), may be elsewhere`,
  )
}
