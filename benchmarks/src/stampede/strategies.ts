import type { Guard } from '@lookaside/core'
import { claimed, composeGuards, earlyRefresh, singleFlight, stampedeGuard } from '@lookaside/stampede-guard'
import { unclaimedEarlyRefresh } from './unclaimed-early-refresh.js'

/** One way to decide who loads. */
export interface Strategy {
  /** How the command line calls it. */
  readonly name: string
  /** How tables and pictures call it. */
  readonly title: string
  /** Whether stale values are kept for one more ttl. */
  readonly grace: boolean
  guard(beta: number): Guard | undefined
}

export const STRATEGIES: readonly Strategy[] = [
  { name: 'none', title: 'none', grace: false, guard: () => undefined },
  { name: 'single-flight', title: 'single-flight', grace: false, guard: () => singleFlight() },
  { name: 'claims', title: 'claims', grace: false, guard: () => claimed() },
  { name: 'early', title: 'early refresh, no claims', grace: false, guard: unclaimedEarlyRefresh },
  {
    name: 'early-claims',
    title: 'early refresh, claims',
    grace: false,
    guard: beta => composeGuards(earlyRefresh({ beta }), claimed()),
  },
  {
    name: 'stampede-guard',
    title: 'stampedeGuard()',
    grace: true,
    guard: beta => stampedeGuard({ earlyRefresh: { beta } }),
  },
]

/** @throws Error for a name that no strategy has. */
export function strategyNamed(name: string): Strategy {
  const strategy = STRATEGIES.find(one => one.name === name)
  if (strategy !== undefined) return strategy
  const names = STRATEGIES.map(one => one.name).join(', ')
  throw new Error(`there is no strategy ${JSON.stringify(name)}; there are ${names}`)
}
