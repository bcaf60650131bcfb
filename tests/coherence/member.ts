import { once } from 'node:events'
import type { CacheOptions } from '@lookaside/core'
import type { RedisBusMode } from '@lookaside/redis'
import { forkWorker } from '../processes/fork-worker.js'
import type { LoadOptions } from './workers/load.mjs'
import type { Phase } from './workers/watch.mjs'

export interface MemberOptions
  extends Pick<CacheOptions, 'ttl' | 'grace' | 'storeTimeout' | 'maxLocalStaleness'> {
  readonly prefix: string
  readonly mode: RedisBusMode
  /** URLs of the Redis that has the values, of the bus, and of the one whose counters are the database. */
  readonly store: string
  readonly bus: string
  readonly database: string
  /** Of the bus, in ms. */
  readonly timing: Readonly<Record<'heartbeat' | 'socketTimeout' | 'connectTimeout', number>>
  /** `hopeful`: hears invalidations and notices nothing else; `deaf`: does not even hear them. */
  readonly naive?: 'hopeful' | 'deaf'
  /** Whether its cache has a `stampedeGuard()`. */
  readonly guarded?: boolean
}

/** A key of the cache; its value is `{ version }` of the row of the same name. */
export interface Place {
  readonly namespace: string
  readonly key: string
  readonly tags?: readonly string[] | 'computed'
}

export type How = 'delete' | 'deleteMany' | 'expire' | 'deleteTags' | 'expireTags' | 'clear' | 'set'

/** What a load has come to in one process. */
interface LoadReport {
  readonly reads: number
  readonly localHits: number
  readonly loads: number
  readonly writes: number
  readonly undelivered: number
  /** Messages of others that told what was outdated. */
  readonly floorsHeard: number
  /** Reads of versions that this process, or another one, had invalidated. */
  readonly tooOldHere: number
  readonly tooOldElsewhere: number
}

/**
 * A cache of two tiers on a bus, in a process of its own; see `workers/member.mjs`.
 *
 * What happens in it are marks: `up`, `down`, `flushed` and `heard x` of its bus, `bus up`, `bus down`, `drop gap` and
 * the like of its cache, `delivered` for an invalidation out of the queue, `new` when the new value was first served,
 * `returned` when an invalidation of its own has.
 */
export interface Member {
  /** Resolves to the version. */
  read(place: Place): Promise<number>
  /** The version in the local tier. */
  peek(place: Place): Promise<number | undefined>
  /** Reads until the local tier has it. */
  hold(place: Place): Promise<number>
  /** Reads again and again, until `stop`; versions from `fresh` on are new, `sign` is what the bus will name. */
  watch(place: Place, details: { readonly fresh: number; readonly sign: string }): Promise<void>
  /** After some more rounds of reads. */
  stop(): Promise<readonly Phase[]>
  invalidate(place: Place, how: How, names?: readonly string[], version?: number): Promise<boolean>
  /** Puts a mark of one's own into what happens, and resolves to its number. */
  mark(name: string): Promise<number>
  /** Resolves once `mark` was put, after the mark with the number `after`. */
  sees(mark: string, after?: number): Promise<void>
  /** Writes a key of this name, which the others hear of. */
  tell(key: string): Promise<void>
  /** From now on nothing that it publishes leaves it; there is a mark `unsent` when it tries. */
  mute(): Promise<void>
  prepareLoad(load: LoadOptions): Promise<void>
  load(): Promise<LoadReport>
  /** The version that it serves of each key of the load. */
  versions(): Promise<readonly (readonly [key: string, version: number])[]>
  /** Ends it at once, with whatever it was doing (SIGKILL). */
  kill(): Promise<void>
}

interface Message {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

const WORKER = new URL('./workers/member.mjs', import.meta.url)
/** Reads after everything has happened, in which the old value would show. */
const ROUNDS = 30

/** Starts a process that runs the built packages, and resolves once it relies on its bus; whoever starts it kills it. */
export async function startMember(options: MemberOptions): Promise<Member> {
  const child = forkWorker(WORKER, options, ['core', 'lru', 'redis', 'stampede-guard'])
  const answers = new Map<number, (message: Message) => void>()
  let asked = 0
  child.on('message', (message: Message) => {
    answers.get(message.id)?.(message)
    answers.delete(message.id)
  })
  child.once('exit', () => {
    for (const [id, answer] of answers) answer({ id, error: 'nothing: it has exited' })
  })

  function ask<T>(request: string, details: object = {}): Promise<T> {
    const id = asked++
    return new Promise((resolve, reject) => {
      answers.set(id, ({ value, error }) => {
        if (error === undefined) resolve(value as T)
        else reject(new Error(`process ${child.pid} answered ${request} with ${error}`))
      })
      child.send({ ...details, id, request }, failure => {
        if (failure !== null) answers.get(id)?.({ id, error: String(failure) })
      })
    })
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  try {
    await ask('ready')
  } catch (error) {
    await kill()
    throw error
  }
  return {
    read: place => ask('read', place),
    peek: place => ask('peek', place),
    hold: place => ask('hold', place),
    watch: (place, details) => ask('watch', { ...place, ...details }),
    stop: () => ask('stop', { rounds: ROUNDS }),
    invalidate: (place, how, names, version) => ask('invalidate', { ...place, how, names, version }),
    mark: mark => ask('mark', { mark }),
    sees: (mark, after = 0) => ask('sees', { mark, after }),
    tell: key => ask('tell', { key }),
    mute: () => ask('mute'),
    prepareLoad: load => ask('prepareLoad', load),
    load: () => ask('load'),
    versions: () => ask('versions'),
    kill,
  }
}
