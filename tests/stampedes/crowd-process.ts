import type { CacheOptions } from '@lookaside/core'
import type { Backend } from '../backends.js'
import { backendOf } from '../processes/fork-worker.js'
import { workerProcess } from '../processes/worker-process.js'

export interface CrowdProcessOptions {
  readonly prefix: string
  /** Whether its cache has a `stampedeGuard()`. */
  readonly guarded: boolean
  /** How long a load takes, in ms. */
  readonly loadTime: number
  /** The numbers of the loads of each key that never end. */
  readonly hanging?: readonly number[]
  /** Where its cache differs from the defaults. */
  readonly options?: Partial<Pick<CacheOptions, 'claimTtl' | 'grace'>>
}

/** So many callers in each process, for each key. */
export interface Crowd {
  readonly callers: number
  /** Each calls at a random moment of so many ms; 0 for all at once. */
  readonly within: number
}

/** How many callers got which answer. */
export type Answers = Readonly<Record<string, number>>

/** One call of a loader, by the clock that all processes of a machine share. */
export interface Load {
  readonly key: string
  /** Its place among the loads of the key in all processes. */
  readonly number: number
  readonly from: number
  readonly to: number
}

/** A cache in a process of its own, and a crowd that calls it; see `workers/crowd.mjs`. Once killed, it answers nothing. */
export interface CrowdProcess {
  /** Sends the crowd to each key, at the instant `at`. */
  crowd(keys: readonly string[], crowd: Crowd, at: number): Promise<readonly Answers[]>
  /** Makes a value stale. */
  expire(key: string): Promise<void>
  /** How many loads of `key` have begun, in all processes. */
  count(key: string): Promise<number>
  /** The loads that have ended in this process since it was asked last. */
  loads(): Promise<Load[]>
  /** What may be the reason when a count is not as expected. */
  troubles(): Promise<string[]>
  /** Resolves once a load with this number has begun here. */
  loading(key: string, number: number): Promise<void>
  /** Resolves once callers here have found that another process loads `key`. */
  waiting(key: string): Promise<void>
  /** Whether they ever have. */
  waited(key: string): boolean
  /** Ends it at once, with whatever it was doing (SIGKILL). */
  kill(): Promise<void>
}

/** Starts a process that runs the built packages; whoever starts it kills it. */
export async function crowdProcess(backend: Backend, options: CrowdProcessOptions): Promise<CrowdProcess> {
  const worker = new URL('./workers/crowd.mjs', import.meta.url)
  const process = await workerProcess(worker, { ...backendOf(backend), hanging: [], ...options })
  const { ask, seen, kill } = process
  return {
    crowd: async (keys, crowd, at) => (await ask<Answers[]>('crowd', { keys, at, ...crowd })) ?? [],
    expire: async key => void (await ask('expire', { key })),
    count: async key => (await ask<number>('count', { key })) ?? 0,
    loads: async () => (await ask<Load[]>('loads')) ?? [],
    troubles: async () => (await ask<string[]>('troubles')) ?? [],
    loading: (key, number) => seen(`loading ${key} #${number}`),
    waiting: key => seen(`waiting for ${key}`),
    waited: key => process.hasSeen(`waiting for ${key}`),
    kill,
  }
}
