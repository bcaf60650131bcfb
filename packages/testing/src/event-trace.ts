import { inspect } from 'node:util'

/** Anything that passes its events on to listeners, as a cache does. */
export interface EventSource<E> {
  /** Returns the function that unsubscribes. */
  on(listener: (event: E) => void): () => void
}

/** What a source has told since the trace began. */
export interface EventTrace<E extends { readonly type: string }> {
  /** The events themselves, oldest first; yours to empty. */
  readonly events: E[]
  /** The type of each event. */
  types(): E['type'][]
  /**
   * One line per event: its type, then those of `fields` that it has, such as `'hit key=a tier=local'`.
   *
   * Name the fields that the test is about, and leave out those that differ from run to run.
   */
  lines(...fields: readonly FieldOf<E>[]): string[]
  /** Stops listening; what was collected stays. */
  stop(): void
}

/** The names of fields of any member of a union of events. */
type FieldOf<E> = E extends unknown ? Exclude<Extract<keyof E, string>, 'type'> : never

/**
 * Collects the events of a source, to compare them in order with what a test expects.
 *
 * @example
 * const trace = eventTrace(cache)
 * await cache.getOrSet('a', load)
 * trace.lines('key') // ['miss key=a', 'load key=a']
 * trace.stop()
 */
export function eventTrace<E extends { readonly type: string }>(source: EventSource<E>): EventTrace<E> {
  const events: E[] = []
  const stop = source.on(event => {
    events.push(event)
  })
  return {
    events,
    types: () => events.map(event => event.type),
    lines: (...fields) => events.map(event => line(event, fields)),
    stop,
  }
}

function line(event: { readonly type: string }, fields: readonly string[]): string {
  const present = Object.entries(event).filter(
    ([name, value]) => fields.includes(name) && value !== undefined,
  )
  const values = new Map(present)
  const shown = fields.filter(name => values.has(name)).map(name => `${name}=${show(values.get(name))}`)
  return [event.type, ...shown].join(' ')
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value, { breakLength: Number.POSITIVE_INFINITY })
}
