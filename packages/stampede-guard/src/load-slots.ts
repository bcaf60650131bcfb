/** So many places for loads, and a bounded line of those that wait for one. */
export class LoadSlots {
  readonly #longestLine: number
  readonly #line = new Set<() => void>()
  /** Loads that have begun already; they go before the line. */
  readonly #resuming = new Set<() => void>()
  #free: number

  constructor(concurrency: number, longestLine: number) {
    this.#free = concurrency
    this.#longestLine = longestLine
  }

  /** Whether one more would find neither a place nor room in the line. */
  get full(): boolean {
    return this.#free === 0 && this.#line.size >= this.#longestLine
  }

  /** Resolves with a place; rejects with the signal's reason when that aborts first. */
  async take(signal: AbortSignal, resuming = false): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free--
      return
    }
    await new Promise<void>((resolve, reject) => {
      const line = resuming ? this.#resuming : this.#line
      const turn = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        line.delete(turn)
        reject(signal.reason)
      }
      line.add(turn)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** Hands the place to whoever is next. */
  giveBack(): void {
    for (const line of [this.#resuming, this.#line]) {
      for (const turn of line) {
        line.delete(turn)
        turn()
        return
      }
    }
    this.#free++
  }
}

/** One load's use of a place. */
export class LoadSlot {
  readonly #slots: LoadSlots
  readonly #signal: AbortSignal
  /** The place is ours now. */
  #owned = false
  /** How many waits the place is lent for. */
  #lent = 0
  #wanted = false
  /** Stands in line to have the place back. */
  #returning: Promise<void> | undefined

  constructor(slots: LoadSlots, signal: AbortSignal) {
    this.#slots = slots
    this.#signal = signal
  }

  /** Whether the load has its place, be it lent at the moment. */
  get held(): boolean {
    return this.#wanted
  }

  async take(): Promise<void> {
    if (this.#wanted) return
    await this.#slots.take(this.#signal)
    this.#wanted = true
    this.#owned = true
  }

  /** Ends the use of the place. */
  giveBack(): void {
    this.#wanted = false
    this.#release()
  }

  /** Lets others have the place while the load waits for one of them, which ends when `waiting` aborts. */
  async lendDuring<T>(work: Promise<T>, waiting: AbortSignal): Promise<T> {
    const end = this.lend()
    try {
      return await untilAborted(work, waiting)
    } finally {
      await end()
    }
  }

  /** Lets others have the place; the returned function resolves when it is back. */
  lend(): () => Promise<void> {
    this.#lent++
    this.#release()
    return async () => {
      this.#lent--
      if (!this.#needed) return
      this.#returning ??= this.#takeAgain()
      await this.#returning
    }
  }

  get #needed(): boolean {
    return this.#wanted && this.#lent === 0 && !this.#owned
  }

  async #takeAgain(): Promise<void> {
    try {
      await this.#slots.take(this.#signal, true)
    } finally {
      this.#returning = undefined
    }
    // Meanwhile the load may have ended, or be waiting again.
    if (this.#needed) this.#owned = true
    else this.#slots.giveBack()
  }

  #release(): void {
    if (!this.#owned) return
    this.#owned = false
    this.#slots.giveBack()
  }
}

/** Settles as `work` does, unless the signal aborts first. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
