import type { Milliseconds } from '../duration.js'
import type { View } from '../tiers/tier.js'

/** The latest failures in a row of a key's loads in this process, none of which has succeeded since. */
export interface Failure {
  /** What the latest load rejected with. */
  readonly error: unknown
  /** How many have failed in a row. */
  readonly times: number
  /** When the latest failed, by `Clock.monotonic()`. */
  readonly at: Milliseconds
}

/** What of a view decides whether a value fits. */
type Shape = Pick<View, 'schema' | 'schemaVersion'>

interface SeenFailure extends Failure {
  readonly view: Shape
}

/** Most keys that are remembered. */
const MOST = 10_000

/** How long a failure is worth remembering. */
const REMEMBERED: Milliseconds = 3_600_000

/** Which keys fail to load, by where they are stored; bounded in number, and the old are forgotten. */
export class Failures {
  // In the order of their latest failures.
  readonly #byAddress = new Map<string, SeenFailure>()

  /** Whoever looks for values of another shape has not failed. */
  get(at: string, view: Shape): Failure | undefined {
    const failure = this.#byAddress.get(at)
    return failure !== undefined && sameShape(failure.view, view) ? failure : undefined
  }

  add(at: string, view: Shape, error: unknown, now: Milliseconds): void {
    const before = this.get(at, view)
    const times = before === undefined || isOld(before, now) ? 1 : before.times + 1
    this.#byAddress.delete(at)
    this.#byAddress.set(at, { error, times, at: now, view })
    for (const [oldest, failure] of this.#byAddress) {
      if (this.#byAddress.size <= MOST && !isOld(failure, now)) break
      this.#byAddress.delete(oldest)
    }
  }

  /** The key has loaded, or what made it fail may have been changed. */
  forget(at: string): void {
    this.#byAddress.delete(at)
  }

  forgetUnder(prefix: string): void {
    for (const at of this.#byAddress.keys()) if (at.startsWith(prefix)) this.#byAddress.delete(at)
  }
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.schema === b.schema && a.schemaVersion === b.schemaVersion
}

function isOld(failure: Failure, now: Milliseconds): boolean {
  return now - failure.at > REMEMBERED
}
