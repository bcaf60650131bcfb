import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Backend } from '../backends.js'
import { backendOf, forkWorker } from '../processes/fork-worker.js'

export interface WritingProcessOptions {
  readonly prefix: string
  readonly claimTtl?: number
  /** Whether it writes and then sets, as is often done, instead of writing through. */
  readonly naive?: boolean
  /** How long what it writes behind waits for more, in ms. */
  readonly delay?: number
  readonly unwrittenTtl?: number
}

/** A cache in a process of its own; see `workers/writing.mjs`. */
export interface WritingProcess {
  ask(request: string, argument?: unknown): Promise<unknown>
  /** Resolves once its held write has committed. */
  readonly committed: Promise<unknown>
  /** Ends it at once, with whatever it was doing (SIGKILL). */
  kill(): Promise<void>
}

/** A database whose commits are the lines of a file, which is gone when the test is over. */
export interface FileDatabase {
  readonly file: string
  rows(): Promise<string[]>
}

const WORKER = new URL('./workers/writing.mjs', import.meta.url)

export async function openDatabase(...rows: string[]): Promise<FileDatabase> {
  const directory = await mkdtemp(join(tmpdir(), 'lookaside-writing-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const file = join(directory, 'rows')
  await writeFile(file, rows.map(row => `${row}\n`).join(''))
  return { file, rows: async () => (await readFile(file, 'utf8')).split('\n').slice(0, -1) }
}

/** Starts a process that runs the built packages; it is killed when the test is over. */
export async function writingProcess(
  backend: Backend,
  { file }: FileDatabase,
  options: WritingProcessOptions,
): Promise<WritingProcess> {
  const child = forkWorker(WORKER, { ...backendOf(backend), file, ...options }, [
    'core',
    'redis',
    'memcached',
  ])
  const gone = once(child, 'exit')
  const answers = new Map<number, (message: { value?: unknown; error?: string }) => void>()
  let asked = 0
  const committed = new Promise(resolve => {
    child.on('message', (message: 'committed' | { id: number; value?: unknown; error?: string }) => {
      if (message === 'committed') resolve(undefined)
      else answers.get(message.id)?.(message)
    })
  })

  function ask(request: string, argument?: unknown): Promise<unknown> {
    const id = asked++
    return new Promise((resolve, reject) => {
      answers.set(id, ({ value, error }) => {
        if (error === undefined) resolve(value)
        else reject(new Error(`a process answered ${request} with ${error}`))
      })
      child.send({ id, request, argument })
    })
  }

  async function kill(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await gone
  }

  onTestFinished(kill)
  await Promise.race([
    ask('ready'),
    gone.then(([code]) => Promise.reject(new Error(`the process exited with ${code}`))),
  ])
  return { ask, committed, kill }
}
