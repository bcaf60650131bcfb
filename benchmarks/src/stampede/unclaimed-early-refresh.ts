import type { Guard } from '@lookaside/core'
import { earlyRefresh } from '@lookaside/stampede-guard'

/** Early refresh as it is without claims: everybody who decides to refresh loads, in the background. */
export function unclaimedEarlyRefresh(beta: number): Guard {
  const decider = earlyRefresh({ beta })
  return {
    name: 'unclaimed-early-refresh',
    shouldRefresh: (...asked) => decider.shouldRefresh?.(...asked) === true,
    async run(flight, next) {
      const { reason, present } = flight
      if (reason !== 'early' || present === undefined) return next(flight)
      // What is innermost loads with a claim and without; only one of the results is stored.
      flight.background(next(flight))
      return present
    },
  }
}
