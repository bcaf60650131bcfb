import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CacheOptions } from '@lookaside/core'
import { inject } from 'vitest'
import type { Backend } from '../backends.js'

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

interface Message {
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
  readonly sign?: string
}

const WORKER = fileURLToPath(new URL('./workers/batches.mjs', import.meta.url))
const PACKAGES = fileURLToPath(new URL('../node_modules/@lookaside/', import.meta.url))

/** Starts a process that runs the built packages; whoever starts it kills it. */
export async function batchProcess(backend: Backend, options: BatchProcessOptions): Promise<BatchProcess> {
  for (const name of ['core', 'stampede-guard', 'redis', 'memcached']) {
    if (existsSync(`${PACKAGES}${name}/dist/index.js`)) continue
    throw new Error(`another process needs the built package @lookaside/${name}: run npm run build first`)
  }
  const server = backend.name === 'redis' ? inject('redisUrl') : `memcached://${inject('memcachedServers')}`
  const own = { backend: backend.name, server, hanging: false, ...options }
  const child: ChildProcess = fork(WORKER, [JSON.stringify(own)], { execArgv: [] })

  const answers = new Map<number, (message: Message) => void>()
  const watchers = new Map<string, () => void>()
  const signs = new Set<string>()
  let asked = 0
  child.on('message', (message: Message) => {
    if (message.id !== undefined) answers.get(message.id)?.(message)
    if (message.sign === undefined) return
    signs.add(message.sign)
    watchers.get(message.sign)?.()
  })

  /** The answer, or `undefined` where the process has died. */
  function ask<T>(request: string, rest: object = {}): Promise<T | undefined> {
    const id = asked++
    return new Promise((resolve, reject) => {
      answers.set(id, ({ value, error }) => {
        answers.delete(id)
        if (error === undefined) resolve(value as T | undefined)
        else reject(new Error(`process ${child.pid} answered ${request} with ${error}`))
      })
      if (child.connected) child.send({ id, request, ...rest })
      else answers.get(id)?.({})
    })
  }

  async function seen(sign: string): Promise<void> {
    if (!signs.has(sign)) await new Promise<void>(resolve => watchers.set(sign, resolve))
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  child.once('exit', () => {
    for (const answer of answers.values()) answer({})
  })
  try {
    if ((await ask('ready')) !== true) throw new Error(`a process exited with ${child.exitCode}`)
  } catch (error) {
    await kill()
    throw error
  }
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
