/** Lets those who come while something is being tried for the first time wait for the outcome, whatever it is. */
export class FirstAttempt {
  #over: Promise<void> | undefined
  #end: () => void = () => {}

  constructor() {
    this.#over = new Promise(resolve => {
      this.#end = resolve
    })
  }

  /** May be called again. */
  end(): void {
    this.#over = undefined
    this.#end()
  }

  /** Returns without waiting once it has ended. */
  async wait(): Promise<void> {
    if (this.#over !== undefined) await this.#over
  }
}
