import type { CacheOptions } from '@lookaside/core'
import type { Backend } from '../backends.js'
import { backendOf } from '../processes/fork-worker.js'
import { workerProcess } from '../processes/worker-process.js'

export interface BatchProcessOptions {
  readonly prefix: string
  /** Its loads never end. */
  readonly hanging?: boolean
  /** Where its cache differs from one that has all the time it needs. */
  readonly options?: Partial<Pick<CacheOptions, 'claimTtl'>>
}

/** What came of reading while others write. */
interface Readings {
  /** Rows that are older than a write whose delete had returned before they were asked for. */
  readonly wrong: readonly string[]
  readonly reads: number
}

/** A cache in a process of its own, which is asked for many items at once; see `workers/batches.mjs`. */
export interface BatchProcess {
  /** What it gets for the items, asked for at the instant `at`; nothing once it was killed. */
  ask(items: readonly string[], at?: number): Promise<readonly string[]>
  /** Reads the items again and again until it is stopped. */
  read(items: readonly string[]): Promise<Readings>
  /** Writes to one of the items and deletes it from the cache, again and again until it is stopped; how often. */
  write(items: readonly string[]): Promise<number>
  stop(): Promise<void>
  /** The items of each call of its loader since it was asked last. */
  calls(): Promise<string[][]>
  /** What may be the reason when something is not as expected. */
  troubles(): Promise<string[]>
  /** Resolves once it has read so many times. */
  reading(times: number): Promise<void>
  /** Resolves once its loader has been called. */
  loading(): Promise<void>
  /** Resolves once it has found that another process loads `item`. */
  waiting(item: string): Promise<void>
  /** Ends it at once, with whatever it was doing (SIGKILL). */
  kill(): Promise<void>
}

/** Starts a process that runs the built packages; whoever starts it kills it. */
export async function batchProcess(backend: Backend, options: BatchProcessOptions): Promise<BatchProcess> {
  const worker = new URL('./workers/batches.mjs', import.meta.url)
  const process = await workerProcess(worker, { ...backendOf(backend), hanging: false, ...options })
  const { ask, seen, kill } = process
  return {
    ask: async (items, at = 0) => (await ask<string[]>('ask', { items, at })) ?? [],
    read: async items => (await ask<Readings>('read', { items })) ?? { wrong: ['killed'], reads: 0 },
    write: async items => (await ask<number>('write', { items })) ?? 0,
    stop: async () => void (await ask('stop')),
    calls: async () => (await ask<string[][]>('calls')) ?? [],
    troubles: async () => (await ask<string[]>('troubles')) ?? [],
    reading: times => seen(`read ${times}`),
    loading: () => seen('loading'),
    waiting: item => seen(`waiting for ${item}`),
    kill,
  }
}

/** Starts so many processes on the same data; whoever starts them kills them. */
export async function batchProcesses(
  backend: Backend,
  size: number,
  options: BatchProcessOptions,
): Promise<BatchProcess[]> {
  const starting = await Promise.allSettled(
    Array.from({ length: size }, () => batchProcess(backend, options)),
  )
  const processes = starting.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
  const failed = starting.find(one => one.status === 'rejected')
  if (failed === undefined) return processes
  await Promise.all(processes.map(one => one.kill()))
  throw failed.reason
}

/** What all of them told of errors and the like since they were asked last. */
export async function troublesOf(processes: readonly BatchProcess[]): Promise<string> {
  return (await Promise.all(processes.map(one => one.troubles()))).flat().join('\n')
}
