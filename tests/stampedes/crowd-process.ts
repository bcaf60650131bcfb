import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CacheOptions } from '@lookaside/core'
import { inject } from 'vitest'
import type { Backend } from '../backends.js'

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

interface Message {
  readonly id?: number
  readonly value?: unknown
  readonly error?: string
  readonly sign?: string
}

const WORKER = fileURLToPath(new URL('./workers/crowd.mjs', import.meta.url))
const PACKAGES = fileURLToPath(new URL('../node_modules/@lookaside/', import.meta.url))

/** Starts a process that runs the built packages; whoever starts it kills it. */
export async function crowdProcess(backend: Backend, options: CrowdProcessOptions): Promise<CrowdProcess> {
  for (const name of ['core', 'stampede-guard', 'redis', 'memcached']) {
    if (existsSync(`${PACKAGES}${name}/dist/index.js`)) continue
    throw new Error(`another process needs the built package @lookaside/${name}: run npm run build first`)
  }
  const server = backend.name === 'redis' ? inject('redisUrl') : `memcached://${inject('memcachedServers')}`
  const own = { backend: backend.name, server, hanging: [], ...options }
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
    crowd: async (keys, crowd, at) => (await ask<Answers[]>('crowd', { keys, at, ...crowd })) ?? [],
    expire: async key => void (await ask('expire', { key })),
    count: async key => (await ask<number>('count', { key })) ?? 0,
    loads: async () => (await ask<Load[]>('loads')) ?? [],
    troubles: async () => (await ask<string[]>('troubles')) ?? [],
    loading: (key, number) => seen(`loading ${key} #${number}`),
    waiting: key => seen(`waiting for ${key}`),
    waited: key => signs.has(`waiting for ${key}`),
    kill,
  }
}
