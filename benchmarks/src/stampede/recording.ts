import type { Milliseconds } from '@lookaside/core'

/** What happened, in plain data that crosses processes; all instants by `monotonic()`. */
export interface Recording {
  /** When each read was meant to begin, how long after that it did, and how long after that it was answered. */
  readonly reads: {
    readonly at: Milliseconds[]
    readonly late: Milliseconds[]
    readonly latency: Milliseconds[]
  }
  readonly loads: { readonly begin: Milliseconds[]; readonly end: Milliseconds[] }
  /** Calls that found nothing fresh. */
  readonly misses: Milliseconds[]
  /** When each value that was stored had been loaded: its ttl counts from then. */
  readonly commits: Milliseconds[]
  /** Store calls that failed or ran out of time. */
  readonly storeErrors: Milliseconds[]
  /** Reads that rejected. */
  readonly failures: string[]
}

export function emptyRecording(): Recording {
  return {
    reads: { at: [], late: [], latency: [] },
    loads: { begin: [], end: [] },
    misses: [],
    commits: [],
    storeErrors: [],
    failures: [],
  }
}

/** All of them as one; what happened first comes first, but for reads and loads. */
export function merged(recordings: readonly Recording[]): Recording {
  const all = <T>(part: (recording: Recording) => readonly T[]) => recordings.flatMap(part)
  const inOrder = (part: (recording: Recording) => readonly number[]) => all(part).sort((a, b) => a - b)
  return {
    reads: {
      at: all(one => one.reads.at),
      late: all(one => one.reads.late),
      latency: all(one => one.reads.latency),
    },
    loads: { begin: all(one => one.loads.begin), end: all(one => one.loads.end) },
    misses: inOrder(one => one.misses),
    commits: inOrder(one => one.commits),
    storeErrors: inOrder(one => one.storeErrors),
    failures: all(one => one.failures),
  }
}
