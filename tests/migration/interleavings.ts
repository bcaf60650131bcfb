import { setImmediate } from 'node:timers/promises'
import type { RemoteStore } from '@lookaside/core'

/** Waits until it is this call's turn. */
export type Turn = () => Promise<void>

/** What a scenario does in turns, and how it waits until nothing more is under way, not in the background either. */
type Scenario = (turn: Turn, idle: () => Promise<void>) => Promise<void>

/** So long nothing has asked for a turn when nothing is under way. */
const IDLE_STEPS = 8

/** More would mean that something waits for itself. */
const MOST_STEPS = 1_000

/**
 * Runs `scenario` once for each order in which the calls that it makes under way at once can be carried out; returns how
 * many there are.
 */
export async function everyOrder(scenario: Scenario): Promise<number> {
  let orders = 0
  for (let choices: number[] | undefined = []; choices !== undefined; orders++) {
    choices = nextOf(await runOnce(scenario, choices))
  }
  return orders
}

/** Runs `scenario` once, in the order that `choices` say: each is the place in line of the call whose turn is next. */
export async function inOrder(choices: readonly number[], scenario: Scenario): Promise<void> {
  await runOnce(scenario, choices)
}

interface Choice {
  readonly taken: number
  readonly of: number
}

async function runOnce(scenario: Scenario, choices: readonly number[]): Promise<readonly Choice[]> {
  const waiting: (() => void)[] = []
  const made: Choice[] = []
  let over = false
  let failure: unknown
  async function idle(): Promise<void> {
    for (let quiet = 0; quiet < IDLE_STEPS; quiet++) {
      await setImmediate()
      if (waiting.length > 0) quiet = 0
    }
  }
  const turn: Turn = () => new Promise(resolve => waiting.push(resolve))
  const run = scenario(turn, idle).then(
    () => {
      over = true
    },
    error => {
      over = true
      failure = error
    },
  )
  for (let step = 0; step < MOST_STEPS; step++) {
    await setImmediate()
    if (over && waiting.length === 0) break
    if (waiting.length === 0) continue
    const taken = (choices[made.length] ?? 0) % waiting.length
    made.push({ taken, of: waiting.length })
    waiting.splice(taken, 1)[0]?.()
  }
  if (!over) throw new Error(`a scenario that has not ended after ${MOST_STEPS} calls`)
  await run
  if (failure !== undefined) throw failure
  return made
}

/** The choices of the next run: the last one that has an alternative left takes that. */
function nextOf(made: readonly Choice[]): number[] | undefined {
  for (let at = made.length - 1; at >= 0; at--) {
    const { taken, of } = made[at] as Choice
    if (taken + 1 < of) return [...made.slice(0, at).map(choice => choice.taken), taken + 1]
  }
  return undefined
}

/** A store behind a network: each request is carried out as one atomic step when its turn comes. */
export function inTurns(store: RemoteStore, turn: Turn): RemoteStore {
  const after =
    <Args extends unknown[], T>(call: (...args: Args) => Promise<T>) =>
    async (...args: Args): Promise<T> => {
      await turn()
      return call(...args)
    }
  return {
    ...store,
    get: after(store.get),
    getMany: after(store.getMany),
    set: after(store.set),
    add: after(store.add),
    replace: after(store.replace),
    delete: after(store.delete),
    deleteMany: after(store.deleteMany),
    increment: after(store.increment),
    ...(store.expire && { expire: after(store.expire) }),
    ...(store.clear && { clear: after(store.clear) }),
  }
}
