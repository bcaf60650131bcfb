import type { CacheOptions } from '@lookaside/core'
import { ManualClock, memoryRemoteServer } from '@lookaside/testing'
import { onTestFinished } from 'vitest'
import { memory } from '../../../tests/backends.js'
import { ClaimWorld, type Opened } from '../../../tests/races/claim-world.js'

/** Processes on one server in memory, which live by one clock; `open` starts another one. */
export function openProcesses(count: number, options: Partial<CacheOptions>, clock = new ManualClock()) {
  const server = memoryRemoteServer({ clock })
  const world = new ClaimWorld(() => server.store(), clock)
  const open = (more: Partial<CacheOptions> = {}) => {
    const opened = world.open(memory, { breaker: false, ...options, ...more })
    // Whatever a test leaves behind runs into its timeouts, or the cache could not be closed.
    onTestFinished(() => clock.advance(300_000))
    return opened
  }
  const all = Array.from({ length: count }, () => open())
  const [first, ...others] = all as [Opened, ...Opened[]]
  return { clock, server, open, all, first, others }
}

/** How often each process has loaded, with success. */
export const loadsOf = (opened: readonly Opened[]) => opened.map(({ cache }) => cache.stats().loads)
