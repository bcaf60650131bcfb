import type { Scheduler } from 'fast-check'
import type { Turn } from './scheduled-store.js'

/** How long things are held back before they take their turn, counted in turns of others. */
export interface Slowness {
  /** Messages, one after another. */
  readonly messages: readonly number[]
  readonly query: number
  readonly time: number
}

/** Whoever waits until enough turns have been taken. */
interface Held {
  readonly until: number
  readonly release: () => void
}

/**
 * Turns in random order, of which some are held back until others have taken theirs, or there are no others.
 *
 * Races are made of messages that are overtaken by whole conversations. Among many that wait their turn a scheduler
 * finds those too seldom by chance alone.
 */
export function slowTurns(scheduler: Scheduler, { messages, query, time }: Slowness): Turn {
  const held = new Set<Held>()
  let [taken, sent] = [0, 0]

  function slownessOf(label: string): number {
    if (label === 'time passes') return time
    return label === 'the query is answered' ? query : (messages[sent++ % messages.length] as number)
  }

  function releaseDue(): void {
    for (const waiting of held) {
      if (waiting.until > taken) continue
      held.delete(waiting)
      waiting.release()
    }
  }

  /** Where nobody takes turns, whoever is due first need not wait. */
  function hurry(): void {
    if (scheduler.count() > 0 || held.size === 0) return
    taken = Math.max(taken, Math.min(...Array.from(held, ({ until }) => until)))
    releaseDue()
  }

  return async (label, heldBack = slownessOf(label)) => {
    const until = taken + heldBack
    if (until > taken) {
      await new Promise<void>(release => {
        held.add({ until, release })
        setImmediate(hurry)
      })
    }
    await scheduler.schedule(Promise.resolve(), label)
    taken++
    releaseDue()
    setImmediate(hurry)
  }
}
