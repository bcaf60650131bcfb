/** Lets so many in at once; the others wait in line. */
export class Turnstile {
  readonly #places: number
  #taken = 0
  readonly #line = new Set<Turn>()

  constructor(places: number) {
    this.#places = places
  }

  /** Takes a place: at once, or when the promise resolves. */
  enter(): Promise<void> | undefined {
    if (this.#taken < this.#places) {
      this.#taken++
      return undefined
    }
    return new Promise((resolve, reject) => this.#line.add({ resolve, reject }))
  }

  /** Gives the place to the next in line. */
  leave(): void {
    for (const turn of this.#line) {
      this.#line.delete(turn)
      turn.resolve()
      return
    }
    this.#taken--
  }

  /** Sends everyone in line away. */
  dismiss(reason: unknown): void {
    for (const turn of this.#line) turn.reject(reason)
    this.#line.clear()
  }
}

interface Turn {
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}
