/** More is forgotten, oldest first. */
const LIMIT = 10_000

/** What has happened in a process, numbered; it can be waited for. */
export class History {
  /** @type {Map<number, string>} */
  #marks = new Map()
  /** @type {Set<(mark: string) => void>} */
  #waiting = new Set()
  now = 0

  /** @param {string} mark */
  add(mark) {
    this.#marks.set(++this.now, mark)
    this.#marks.delete(this.now - LIMIT)
    for (const waiting of this.#waiting) waiting(mark)
  }

  /**
   * Resolves once `mark` is in the history, after the number `after`.
   *
   * @param {string} mark
   * @param {number} after
   * @returns {Promise<void>}
   */
  async sees(mark, after) {
    for (const [number, one] of this.#marks) if (number > after && one === mark) return
    await new Promise(resolve => {
      /** @param {string} one */
      const look = one => {
        if (one !== mark) return
        this.#waiting.delete(look)
        resolve(undefined)
      }
      this.#waiting.add(look)
    })
  }
}
