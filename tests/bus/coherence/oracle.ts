import type { Clock, Milliseconds } from '@lookaside/core'

/** Whoever was not heard for this long has been given up: its silence, and one heartbeat. */
const GIVEN_UP: Milliseconds = 4_500

/** Whoever was heard this lately has not been given up. */
const KNOWN: Milliseconds = 3_500

/** What a process has to see one day. */
interface Due {
  readonly key: number
  readonly version: number
  /** Who tells it, and the number of the message; `undefined` on a bus that numbers nothing. */
  readonly source: string | undefined
  readonly number: number
  readonly since: Milliseconds
  /** Whether the source was known when it told, so that its silence is noticed. */
  readonly known: boolean
}

/** What one process has heard, and what it therefore may not serve any more. */
export class Knowledge {
  readonly #clock: Clock
  readonly #maxStaleness: Milliseconds
  readonly #oldest: number[] = []
  readonly #heard = new Map<string, { readonly number: number; readonly at: Milliseconds }>()
  #due: Due[] = []

  constructor(clock: Clock, maxStaleness: Milliseconds) {
    this.#clock = clock
    this.#maxStaleness = maxStaleness
  }

  /** The oldest version of a key that may be served as fresh by a call that begins now. */
  oldest(key: number): number {
    this.#settle()
    return this.#oldest[key] ?? 0
  }

  /** It has invalidated the key itself, when `version` was the newest. */
  mustSee(key: number, version: number): void {
    this.#oldest[key] = Math.max(this.#oldest[key] ?? 0, version)
  }

  /** Somebody else has. */
  willSee(key: number, version: number, source: string | undefined, number: number): void {
    this.#settle()
    const since = this.#clock.monotonic()
    const heardAt = source === undefined ? undefined : this.#heard.get(source)?.at
    const known = heardAt !== undefined && since - heardAt <= KNOWN
    this.#due.push({ key, version, source, number, since, known })
  }

  heard(source: string, number: number): void {
    this.#heard.set(source, { number, at: this.#clock.monotonic() })
  }

  /** The bus has said that something may have been missed, or that everything has arrived. */
  knowsAll(): void {
    for (const { key, version } of this.#due) this.mustSee(key, version)
    this.#due = []
    this.#heard.clear()
  }

  #settle(): void {
    const due = this.#due
    this.#due = due.filter(one => !this.#isOver(one))
    for (const one of due) if (!this.#due.includes(one)) this.mustSee(one.key, one.version)
  }

  #isOver({ source, number, since, known }: Due): boolean {
    const now = this.#clock.monotonic()
    if (now - since >= this.#maxStaleness) return true
    const heard = source === undefined ? undefined : this.#heard.get(source)
    if (heard === undefined) return false
    return heard.number >= number || (known && now - heard.at > GIVEN_UP)
  }
}
