/**
 * Calls something off, once: an `AbortController` that makes its signal only for whoever asks for it.
 *
 * Node gives each signal a hidden class of its own, so that every look at a new one is slow; and most loaders want none.
 */
export class Abort {
  #aborted = false
  #reason: unknown
  #callbacks: Set<() => void> | undefined
  #controller: AbortController | undefined

  get aborted(): boolean {
    return this.#aborted
  }

  /** Why it was aborted; `undefined` for as long as it was not. */
  get reason(): unknown {
    return this.#reason
  }

  /** The same as a signal, to hand on. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    const callbacks = this.#callbacks
    this.#callbacks = undefined
    this.#controller?.abort(reason)
    if (callbacks !== undefined) for (const callback of callbacks) callback()
  }

  /** Calls back when it is aborted; returns a function that calls that off. */
  onAbort(callback: () => void): () => void {
    this.#callbacks ??= new Set()
    const callbacks = this.#callbacks.add(callback)
    return () => void callbacks.delete(callback)
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason
  }
}
