import { once } from 'node:events'
import type { WarmSummary } from '@lookaside/core'
import type { Backend } from '../backends.js'
import { backendOf, forkWorker } from '../processes/fork-worker.js'

export interface WarmingProcessOptions {
  readonly prefix: string
  /** How many items its source has: `item-0` and so on. */
  readonly size: number
  /** How long a load takes, in ms. */
  readonly loadTime: number
  readonly concurrency: number
  readonly claimTtl: number
  /** The item whose load waits for `release`. */
  readonly held?: string
  readonly limitLoads?: { readonly concurrency: number; readonly queue: number }
}

/** A process that warms a cache; see `workers/warming.mjs`. */
export interface WarmingProcess {
  /** Warms; resolves to what came of it and how many loads ran at once, or to nothing when the process was killed. */
  go(): Promise<{ readonly summary: WarmSummary; readonly most: number } | undefined>
  /** Resolves once so many loads have begun. */
  loads(count: number): Promise<void>
  /** Resolves once the load of an item has begun. */
  loading(item: string): Promise<void>
  /** Lets the load of the held item end. */
  release(): void
  /** Ends it at once, with whatever it was doing (SIGKILL). */
  kill(): Promise<void>
}

const WORKER = new URL('./workers/warming.mjs', import.meta.url)

/** Starts a process that runs the built packages; whoever starts it kills it. */
export async function warmingProcess(
  backend: Backend,
  options: WarmingProcessOptions,
): Promise<WarmingProcess> {
  const child = forkWorker(WORKER, { ...backendOf(backend), ...options })
  const begun: string[] = []
  child.on('message', (message: { readonly loading?: string }) => {
    if (message.loading === undefined) return
    begun.push(message.loading)
    child.emit('begun')
  })
  const gone = once(child, 'exit')

  async function until(reached: () => boolean): Promise<void> {
    while (!reached()) await once(child, 'begun')
  }

  await Promise.race([
    once(child, 'message'),
    gone.then(([code]) => Promise.reject(new Error(`the process exited with ${code}`))),
  ])
  return {
    async go() {
      const ended = new Promise<{ summary: WarmSummary; most: number }>(resolve => {
        child.on('message', (message: { summary?: WarmSummary; most: number }) => {
          const { summary, most } = message
          if (summary !== undefined) resolve({ summary, most })
        })
      })
      child.send('go')
      return Promise.race([ended, gone.then(() => undefined)])
    },
    loads: count => until(() => begun.length >= count),
    loading: item => until(() => begun.includes(item)),
    release: () => void child.send('release'),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await gone
    },
  }
}
