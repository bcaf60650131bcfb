import type { Recording } from './recording.js'
import type { Setting } from './setting.js'

/** What a process of workers is to run. */
export interface RunOrder {
  readonly url: string
  readonly prefix: string
  /** The name of a strategy. */
  readonly strategy: string
  readonly setting: Setting
  /** How many of the workers are in this process. */
  readonly workers: number
  readonly seed: number
}

/** What a process of workers is told. */
export type ToProcess =
  | { readonly type: 'open'; readonly order: RunOrder }
  | { readonly type: 'start' }
  | { readonly type: 'stop' }

/** What it tells. */
export type FromProcess =
  | { readonly type: 'opened' }
  | { readonly type: 'commit' }
  | { readonly type: 'stopped'; readonly recording: Recording }
