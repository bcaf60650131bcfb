import { once } from 'node:events'
import type { Backend } from '../backends.js'
import { backendOf, forkWorker, killed } from '../processes/fork-worker.js'

/** How a row gets its tag `rows`: the call names it, computes it of the value, or the loader sets it. */
export type Way = 'named' | 'computed' | 'set'

export interface TaggingProcessOptions {
  readonly prefix: string
  /** Whether its cache has a `stampedeGuard()`. */
  readonly guarded: boolean
}

/** What a crowd has seen. */
interface CrowdReport {
  readonly reads: number
  readonly loads: number
  /** Rows that were older than what had been invalidated before they were asked for. */
  readonly outdated: readonly string[]
}

/** A cache in a process of its own; see `workers/tagging.mjs`. */
export interface TaggingProcess {
  /** Loads a row; the loader waits for `answer`. */
  load(way: Way, key: string): Promise<string>
  /** Resolves once the loader has been called for `key`. */
  loading(key: string): Promise<void>
  answer(key: string, row: string): void
  /** Loads a row at once, unless it is cached. */
  fill(way: Way, key: string, row: string): Promise<string>
  get(key: string): Promise<string | undefined>
  invalidate(how: Invalidation): Promise<boolean>
  /** The database of the crowd holds this number from now on. */
  commit(version: number): Promise<void>
  /** Whoever asks from now on must not get less. */
  expect(version: number): Promise<void>
  /** So many readers read so many rows, until `stop`. */
  start(way: Way, readers: number, keys: number): Promise<void>
  stop(): Promise<CrowdReport>
  /** Ends it at once (SIGKILL). */
  kill(): Promise<void>
}

export type Invalidation = 'deleteTags' | 'expireTags' | 'clear'

interface Message {
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
  readonly loading?: string
}

const WORKER = new URL('./workers/tagging.mjs', import.meta.url)

/** Starts a process that runs the built packages; whoever starts it kills it. */
export async function taggingProcess(
  backend: Backend,
  options: TaggingProcessOptions,
): Promise<TaggingProcess> {
  const child = forkWorker(WORKER, { ...backendOf(backend), ...options })

  const answers = new Map<number, (message: Message) => void>()
  const loads = new Map<string, () => void>()
  const began = new Set<string>()
  let asked = 0
  child.on('message', (message: Message) => {
    if (message.id !== undefined) answers.get(message.id)?.(message)
    if (message.loading === undefined) return
    began.add(message.loading)
    loads.get(message.loading)?.()
  })

  function ask<T>(request: string, ...args: readonly unknown[]): Promise<T> {
    const id = asked++
    return new Promise((resolve, reject) => {
      answers.set(id, ({ value, error }) => {
        answers.delete(id)
        if (error === undefined) resolve(value as T)
        else reject(new Error(`process ${child.pid} answered ${request} with ${error}`))
      })
      child.send({ id, request, args })
    })
  }

  await Promise.race([
    ask('ready'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`a process exited with ${code}`))),
  ])
  return {
    load: (way, key) => ask('load', way, key),
    async loading(key) {
      if (!began.has(key)) await new Promise<void>(resolve => loads.set(key, resolve))
      began.delete(key)
    },
    answer(key, row) {
      child.send({ key, row })
    },
    fill: (way, key, row) => ask('fill', way, key, row),
    get: key => ask('get', key),
    invalidate: how => ask(how),
    commit: version => ask('commit', version),
    expect: version => ask('expect', version),
    start: (way, readers, keys) => ask('start', way, readers, keys),
    stop: () => ask('stop'),
    kill: () => killed(child),
  }
}
