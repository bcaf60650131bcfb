/**
 * What was served from one moment to the next; a read counts for the moment at which it began.
 *
 * @typedef {object} Phase
 * @property {string} begins What happened at its beginning.
 * @property {number} at In ms, by a clock that all processes of the machine share.
 * @property {number} old How often the old value was served.
 * @property {number} fresh How often the new one was.
 * @property {number} local How often the local tier answered.
 */

/**
 * What is watched, and how.
 *
 * @typedef {object} Watched
 * @property {() => { version: number } | undefined} peek
 * @property {readonly (() => Promise<{ version: number } | undefined>)[]} reads
 * @property {number} fresh The version from which on a value is the new one.
 */

/** Between two rounds of reads, in ms; none where something happens meanwhile. */
const PAUSE = 1

/** Time that never jumps and that all processes of this machine share, in ms. */
export function monotonic() {
  return Number(process.hrtime.bigint()) / 1e6
}

/** Reads a value again and again, one read after the other, until it is told to stop. */
export class Watch {
  /** @type {Phase[]} */
  #phases = []
  /** @type {Watched} */
  #watched
  /** @type {(mark: string) => void} */
  #told
  #wake = () => {}
  /** That are still to come. */
  #rounds = Number.POSITIVE_INFINITY
  #servedFresh = false
  /** @type {Promise<void>} */
  #running

  /**
   * @param {Watched} watched
   * @param {(mark: string) => void} told Hears of the first new value, as of everything else.
   */
  constructor(watched, told) {
    this.#watched = watched
    this.#told = told
    this.mark('start')
    this.#running = this.#run()
  }

  /**
   * Something has happened: looks at once what the local tier would serve now.
   *
   * @param {string} begins
   */
  mark(begins) {
    const phase = { begins, at: monotonic(), old: 0, fresh: 0, local: 0 }
    this.#phases.push(phase)
    this.#peek(phase)
    this.#wake()
  }

  /** The local tier has answered. */
  localHit() {
    this.#current.local++
  }

  /**
   * Stops after so many more rounds of reads.
   *
   * @param {number} rounds
   * @returns {Promise<readonly Phase[]>}
   */
  async stop(rounds) {
    this.#rounds = rounds
    await this.#running
    return this.#phases
  }

  async #run() {
    while (this.#rounds > 0) {
      this.#peek(this.#current)
      for (const read of this.#watched.reads) {
        const phase = this.#current
        this.#judge(phase, await read())
      }
      this.#rounds--
      await this.#pause()
    }
  }

  /** @returns {Promise<void>} */
  #pause() {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, PAUSE)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** @param {Phase} phase */
  #peek(phase) {
    const value = this.#watched.peek()
    if (value !== undefined) phase.local++
    this.#judge(phase, value)
  }

  /**
   * @param {Phase} phase
   * @param {{ version: number } | undefined} value
   */
  #judge(phase, value) {
    if (value === undefined) return
    if (value.version < this.#watched.fresh) {
      phase.old++
      return
    }
    phase.fresh++
    if (this.#servedFresh) return
    this.#servedFresh = true
    this.#told('new')
  }

  get #current() {
    return /** @type {Phase} */ (this.#phases.at(-1))
  }
}
