import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { MigrationPhase } from '@lookaside/core'
import { inject, onTestFinished } from 'vitest'

/** What a process of its own can be asked; see `workers/member.mjs`. */
interface Requests {
  ready: { argument: undefined; value: undefined }
  mix: {
    argument: { keys: number; ms: number; writes: number }
    value: { reads: number; stale: number; loads: number }
  }
  count: { argument: { key: string; times: number }; value: number[] }
  getOrSet: { argument: { key: string; value: unknown }; value: unknown }
  get: { argument: { key: string }; value: unknown }
  set: { argument: { key: string; value: unknown }; value: boolean }
  delete: { argument: { key: string }; value: boolean }
  increment: { argument: { key: string; by: number }; value: number }
}

/** A process at some stage of a migration. */
export interface Member {
  ask<R extends keyof Requests>(request: R, argument: Requests[R]['argument']): Promise<Requests[R]['value']>
}

export interface MemberOptions {
  readonly phase: MigrationPhase | 'before' | 'after'
  /** URLs of the old and the new server. */
  readonly from: string
  readonly to: string
  readonly prefix: string
}

const WORKER = fileURLToPath(new URL('./workers/member.mjs', import.meta.url))

/** Starts a process that runs the built packages; it is killed when the test is over. */
export async function openMember(options: MemberOptions): Promise<Member> {
  const own = JSON.stringify({ ...options, database: inject('redisUrl') })
  const child: ChildProcess = fork(WORKER, [own], { execArgv: [] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const answers = new Map<number, (message: { value?: never; error?: string }) => void>()
  let asked = 0
  child.on('message', (message: { id: number; value?: never; error?: string }) => {
    answers.get(message.id)?.(message)
    answers.delete(message.id)
  })
  const member: Member = {
    ask(request, argument) {
      const id = asked++
      return new Promise((resolve, reject) => {
        answers.set(id, ({ value, error }) => {
          if (error === undefined) resolve(value as never)
          else reject(new Error(`the other process answered ${error}`))
        })
        child.send({ id, request, argument })
      })
    },
  }
  await Promise.race([
    member.ask('ready', undefined),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the other process exited with ${code}`))),
  ])
  return member
}
