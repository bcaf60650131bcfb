import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHANGE_FAULTS, MESSAGE_FAULTS, programs } from './coherence/programs.js'
import { staleHit } from './coherence/run.js'
import type { Connections } from './coherence/world.js'

const RUNS = 60

interface Case {
  readonly name: string
  readonly connections: Connections
  readonly clears?: boolean
}

const KEPT: readonly Case[] = [
  { name: 'on a bus of messages that loses and holds back some', connections: { bus: 'messages' } },
  {
    name: 'with maxLocalStaleness besides',
    connections: { bus: 'messages', options: { maxLocalStaleness: 20_000 } },
  },
  {
    name: 'with copies of their own',
    connections: { bus: 'messages', options: { clone: 'structured' } },
  },
  { name: 'without a prefix', connections: { bus: 'messages', options: { prefix: '' } }, clears: false },
  { name: 'on a bus of changes that is held back and cut', connections: { bus: 'changes' } },
]

const BROKEN: readonly Case[] = [
  {
    name: 'where nobody notices what is missing',
    connections: { bus: 'messages', ignoringGaps: true },
  },
  {
    name: 'where the local tier is not dropped',
    connections: { bus: 'messages', keepingCopies: true },
    clears: false,
  },
  {
    name: 'where the local tier is not dropped, on a bus of changes',
    connections: { bus: 'changes', keepingCopies: true },
    clears: false,
  },
]

/** Fails where a process serves what it knows to be outdated, or has to know. */
function coherenceOf({ connections, clears = true }: Case) {
  const faults = connections.bus === 'messages' ? MESSAGE_FAULTS : CHANGE_FAULTS
  return fc.asyncProperty(programs(faults, { clears }), async program => {
    expect(await staleHit(program, connections)).toBeUndefined()
  })
}

describe('whatever a bus loses, no process serves what it knows, or has to know, to be outdated', () => {
  for (const kept of KEPT) {
    test(kept.name, async () => {
      await fc.assert(coherenceOf(kept), { numRuns: RUNS })
    })
  }
})

describe('the same programs find stale hits', () => {
  for (const broken of BROKEN) {
    test(broken.name, async () => {
      const { failed, numRuns } = await fc.check(coherenceOf(broken), {
        numRuns: 10 * RUNS,
        endOnFailure: true,
      })
      expect({ failed, numRuns }).toEqual({ failed: true, numRuns: expect.any(Number) })
    })
  }
})
