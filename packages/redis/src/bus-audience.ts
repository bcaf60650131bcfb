import type { BusListener } from '@lookaside/core'

/** A listener, with what it was told last. */
interface Member<Listener> {
  readonly listener: Listener
  /** `'up'`, or the message of the cause of being down. */
  told: string | undefined
  /** Whether it has ever been told that it is up. */
  opened: boolean
}

/** What is told to those who have not heard anything else since. */
type State = { readonly up: true } | { readonly up: false; readonly cause: Error } | undefined

/**
 * Those who listen to the same thing: tells each of them whether it is up or down, once.
 *
 * It is told again that it is down when the reason has become another.
 */
export class BusAudience<Listener extends BusListener> {
  readonly #members = new Set<Member<Listener>>()
  #state: State

  get size(): number {
    return this.#members.size
  }

  /** Adds a listener, who is told the state in a later microtask. Returns what takes it away. */
  add(listener: Listener): () => void {
    const member: Member<Listener> = { listener, told: undefined, opened: false }
    this.#members.add(member)
    queueMicrotask(() => this.#tell(member))
    return () => {
      this.#members.delete(member)
    }
  }

  up(): void {
    this.#turn({ up: true })
  }

  down(cause: Error): void {
    this.#turn({ up: false, cause })
  }

  /** Calls `action` for all who have ever been told that it is up: what gets through while it is down helps them. */
  each(action: (listener: Listener) => void): void {
    for (const { listener, opened } of this.#members) {
      if (opened) action(listener)
    }
  }

  /** Nobody is told anything more. */
  clear(): void {
    this.#members.clear()
  }

  #turn(state: State): void {
    this.#state = state
    for (const member of this.#members) this.#tell(member)
  }

  #tell(member: Member<Listener>): void {
    const state = this.#state
    if (state === undefined || !this.#members.has(member)) return
    const news = state.up ? 'up' : state.cause.message
    if (member.told === news) return
    member.told = news
    member.opened ||= state.up
    if (state.up) member.listener.up()
    else member.listener.down(state.cause)
  }
}
