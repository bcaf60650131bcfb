import type { BusListener } from '@lookaside/core'
import type { BusFaults } from './faulty-bus.js'

/** Where one listener stands, behind the gate. */
interface Place {
  readonly listener: BusListener
  /** Whether the bus has told it that it is up; kept during a cut. */
  up: boolean
  toLose: number
}

/** Stands between a bus and all that listen to it, and passes on what the faults let through. */
export class BusGate implements BusFaults {
  readonly #places = new Set<Place>()
  #held: { readonly place: Place; readonly tell: () => void }[] | undefined
  #cut = false

  get isCut(): boolean {
    return this.#cut
  }

  enter(listener: BusListener): Place {
    const place: Place = { listener, up: false, toLose: 0 }
    this.#places.add(place)
    return place
  }

  leave(place: Place): void {
    this.#places.delete(place)
  }

  close(): void {
    this.#places.clear()
    this.#held = undefined
  }

  /** What the bus is to tell in place of a listener: the calls that both kinds of bus have. */
  listenerAt(place: Place): BusListener {
    return {
      up: () => {
        place.up = true
        this.#queue(place, () => place.listener.up())
      },
      down: cause => {
        place.up = false
        this.#queue(place, () => place.listener.down(cause))
      },
      flushed: () => this.pass(place, () => place.listener.flushed()),
    }
  }

  /** Tells a listener something that may be lost. */
  pass(place: Place, tell: () => void): void {
    if (this.#cut) return
    if (place.toLose > 0) place.toLose--
    else this.#queue(place, tell)
  }

  lose(times = 1): void {
    for (const place of this.#places) place.toLose += times
  }

  hold(): void {
    this.#held ??= []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const { place, tell } of held) this.#queue(place, tell)
  }

  cut(cause?: unknown): void {
    if (this.#cut) return
    this.#cut = true
    if (this.#held !== undefined) this.#held = []
    for (const place of [...this.#places]) this.#tell(place, () => place.listener.down(cause))
  }

  restore(): void {
    if (!this.#cut) return
    this.#cut = false
    for (const place of [...this.#places]) {
      if (place.up) this.#queue(place, () => place.listener.up())
    }
  }

  heal(): void {
    for (const place of this.#places) place.toLose = 0
    this.release()
    this.restore()
  }

  #queue(place: Place, tell: () => void): void {
    if (this.#cut) return
    if (this.#held === undefined) this.#tell(place, tell)
    else this.#held.push({ place, tell })
  }

  /** It may have been ended, or the bus closed, by what was told just before. */
  #tell(place: Place, tell: () => void): void {
    if (this.#places.has(place)) tell()
  }
}
