import type { Milliseconds } from '@lookaside/core'

export type Mode = 'pubsub' | 'tracking'

/** What the measuring process asks of a reader. */
export type Request =
  | { readonly type: 'open'; readonly url: string; readonly mode: Mode }
  /** Reads the key until its local tier has it. */
  | { readonly type: 'hold'; readonly key: string }
  /** Reads the key as an application does. */
  | { readonly type: 'read'; readonly key: string }

/** What a reader answers, or tells by itself. */
export type Reply =
  | { readonly type: 'open' }
  | { readonly type: 'held'; readonly key: string }
  | { readonly type: 'read'; readonly key: string; readonly version: number }
  /** The local tier has given up its copy; by `monotonic()`. */
  | { readonly type: 'dropped'; readonly key: string; readonly at: Milliseconds }
