import type { ChangeListener, InvalidationBus, MessageListener } from '@lookaside/core'
import type { BusRuleContext } from './rule.js'

/** One call of a listener; `what` is a message in latin1 or a key, and empty otherwise. */
export interface Told {
  readonly type: 'up' | 'down' | 'flushed' | 'heard'
  readonly what: string
}

/** What a listener was told. */
export interface Recording {
  /** Fit for both kinds of bus; its functions may be called unbound. */
  readonly listener: MessageListener & ChangeListener
  /** All of it, oldest first. */
  readonly told: readonly Told[]
  /** Whether any of it was told before `listen()` had returned. */
  readonly early: boolean
  /** How often `what` was heard. */
  heard(what: string): number
  /** How often something of this type was told, from a place in `told` on. */
  count(type: Told['type'], from?: number): number
  /** Ends the listener. */
  end(): void
}

/** Listens to a channel or prefix and keeps what is told; `react` is called with it at once. */
export function record(
  bus: InvalidationBus,
  topic: string,
  react: (told: Told) => void = () => {},
): Recording {
  const told: Told[] = []
  let returned = false
  let early = false
  function tell(type: Told['type'], what = ''): void {
    if (!returned) early = true
    told.push({ type, what })
    react({ type, what })
  }
  const listener: Recording['listener'] = {
    up: () => tell('up'),
    down: () => tell('down'),
    flushed: () => tell('flushed'),
    message: bytes => tell('heard', Buffer.from(bytes).toString('latin1')),
    changed(keys) {
      for (const key of keys) tell('heard', key)
    },
  }
  const end = bus.listen(topic, listener)
  returned = true
  return {
    listener,
    told,
    get early() {
      return early
    },
    heard: what => told.filter(each => each.type === 'heard' && each.what === what).length,
    count: (type, from = 0) => told.slice(from).filter(each => each.type === type).length,
    end,
  }
}

/** Listens, and waits until the listener is up. */
export async function listening(
  context: BusRuleContext,
  bus: InvalidationBus,
  topic: string,
): Promise<Recording> {
  const recording = record(bus, topic)
  await untilUp(context, recording)
  return recording
}

/** Waits until each of the listeners was told that it is up. */
export async function untilUp(context: BusRuleContext, ...recordings: readonly Recording[]): Promise<void> {
  for (const recording of recordings) {
    await context.until(() => recording.count('up') > 0, 'a listener to be told up()')
  }
}

/** Waits until each of the listeners has heard `what`. */
export async function untilHeard(
  context: BusRuleContext,
  what: string,
  ...recordings: readonly Recording[]
): Promise<void> {
  for (const recording of recordings) {
    await context.until(() => recording.heard(what) > 0, `a listener that is up to hear ${show(what)}`)
  }
}

/** Makes the listeners of a topic hear something, and waits until all of these have heard it. */
export async function mark(
  context: BusRuleContext,
  topic: string,
  ...recordings: readonly Recording[]
): Promise<string> {
  const what = await context.signal(topic)
  await untilHeard(context, what, ...recordings)
  return what
}

function show(what: string): string {
  return JSON.stringify(what.length > 80 ? `${what.slice(0, 80)}…` : what)
}
