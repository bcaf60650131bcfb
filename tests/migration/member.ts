import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MigrationPhase } from '@lookaside/core'
import { inject } from 'vitest'
import { killed } from '../processes/fork-worker.js'

/** What a process of its own can be asked; see `workers/member.mjs`. */
interface Requests {
  ready: { argument: undefined; value: undefined }
  mix: {
    argument: { keys: number; ms: number; atLeast: number; writes: number }
    value: { reads: number; stale: number }
  }
  count: { argument: { key: string; times: number }; value: number[] }
  getOrSet: { argument: { key: string; value: unknown }; value: unknown }
  get: { argument: { key: string }; value: unknown }
  set: { argument: { key: string; value: unknown }; value: boolean }
  delete: { argument: { key: string }; value: boolean }
  increment: { argument: { key: string; by: number }; value: number }
}

/** A cache of a process. */
export interface Member {
  ask<R extends keyof Requests>(request: R, argument: Requests[R]['argument']): Promise<Requests[R]['value']>
}

/** A process at some stage of a migration. */
export interface MemberProcess {
  readonly stage: Stage
  /** Resolves once its cache under this prefix is ready. */
  cache(prefix: string): Promise<Member>
  /** Ends it at once (SIGKILL). */
  kill(): Promise<void>
}

export type Stage = MigrationPhase | 'before' | 'after'

export interface MemberOptions {
  readonly stage: Stage
  /** URLs of the old and the new server. */
  readonly from: string
  readonly to: string
}

const WORKER = fileURLToPath(new URL('./workers/member.mjs', import.meta.url))

/** Starts a process that runs the built packages; whoever starts it kills it. */
export function startMember({ stage, ...urls }: MemberOptions): MemberProcess {
  const own = JSON.stringify({ phase: stage, ...urls, database: inject('redisUrl') })
  const child = fork(WORKER, [own], { execArgv: [] })
  const gone = once(child, 'exit').then(([code]) =>
    Promise.reject(new Error(`the other process exited with ${code}`)),
  )
  gone.catch(() => {})
  const answers = new Map<number, (message: { value?: never; error?: string }) => void>()
  let asked = 0
  child.on('message', (message: { id: number; value?: never; error?: string }) => {
    answers.get(message.id)?.(message)
    answers.delete(message.id)
  })
  return {
    stage,
    async cache(prefix) {
      const member: Member = {
        ask(request, argument) {
          const id = asked++
          return new Promise((resolve, reject) => {
            answers.set(id, ({ value, error }) => {
              if (error === undefined) resolve(value as never)
              else reject(new Error(`the other process answered ${error}`))
            })
            child.send({ id, request, argument: { ...argument, prefix } })
          })
        },
      }
      await Promise.race([member.ask('ready', undefined), gone])
      return member
    },
    kill: () => killed(child),
  }
}
