import type { Milliseconds } from '@lookaside/core'

/** A span of time. */
interface Span {
  readonly begin: Milliseconds
  readonly end: Milliseconds
}

/** How many of the loads were running, from each instant on at which that changed, in order. */
export function loadsAtOnce(
  loads: readonly Span[],
): { readonly at: Milliseconds; readonly running: number }[] {
  const changes = loads
    .flatMap(({ begin, end }) => [
      { at: begin, by: 1 },
      { at: end, by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by)
  let running = 0
  return changes.map(({ at, by }) => {
    running += by
    return { at, running }
  })
}

/** The most loads that ever ran at the same time. */
export function mostAtOnce(loads: readonly Span[]): number {
  return loadsAtOnce(loads).reduce((most, { running }) => Math.max(most, running), 0)
}
