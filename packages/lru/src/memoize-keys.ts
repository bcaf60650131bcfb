/** What a call is remembered under: its only argument, or the end of the path of all of them. */
export type CallKey = NonNullable<unknown>

/**
 * The keys of calls: two calls have the same one exactly if they have as many arguments, and each is the same by
 * `Object.is`.
 *
 * The arguments of a call are a path through a tree of maps, below their number; so nothing is joined to a text in
 * which they could be mistaken, and objects are told apart by identity. A call with one argument needs no path.
 */
export class CallKeys {
  readonly #root = new Step()

  /** The key of these arguments; `undefined` where there is no path for them. */
  find(args: readonly unknown[]): CallKey | undefined {
    if (args.length === 1) return distinct(args[0])
    let step = this.#root.next?.get(args.length)
    for (let index = 0; index < args.length && step !== undefined; index++) {
      step = step.next?.get(distinct(args[index]))
    }
    return step
  }

  /** The key of these arguments, with a path that stays until it is dropped. */
  add(args: readonly unknown[]): CallKey {
    if (args.length === 1) return distinct(args[0])
    let step = this.#root.to(args.length)
    for (const arg of args) step = step.to(distinct(arg))
    return step
  }

  /** Gives up the path of a key, as far as no other needs it. */
  drop(key: CallKey): void {
    if (key instanceof Step) key.drop()
  }
}

class Step {
  readonly #before: Step | undefined
  readonly #arg: CallKey | undefined
  next: Map<CallKey, Step> | undefined

  constructor(before?: Step, arg?: CallKey) {
    this.#before = before
    this.#arg = arg
  }

  to(arg: CallKey): Step {
    this.next ??= new Map()
    let step = this.next.get(arg)
    if (step === undefined) {
      step = new Step(this, arg)
      this.next.set(arg, step)
    }
    return step
  }

  drop(): void {
    const [before, arg] = [this.#before, this.#arg]
    if (before === undefined || arg === undefined) return
    before.next?.delete(arg)
    if (before.next?.size === 0) before.drop()
  }
}

const UNDEFINED = Symbol('undefined')
const NULL = Symbol('null')
const MINUS_ZERO = Symbol('-0')

/** The argument, or what stands for one that a map would take for another, or lru-cache for none. */
export function distinct(arg: unknown): CallKey {
  if (arg === undefined) return UNDEFINED
  if (arg === null) return NULL
  return Object.is(arg, -0) ? MINUS_ZERO : arg
}
