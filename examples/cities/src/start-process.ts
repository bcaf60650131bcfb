import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { RedisBusMode } from '@lookaside/redis'
import type { Database } from './database.js'
import type { Question } from './query-channel.js'

/** The ways in which processes hear of each other; the service runs once for each. */
export const BUS_MODES = ['pubsub', 'tracking'] as const satisfies readonly RedisBusMode[]

/** The service in a process of its own. */
export interface ServiceProcess {
  readonly pid: number
  /** `http://127.0.0.1:port` of each mode, in the order of `BUS_MODES`. */
  readonly urls: readonly string[]
  stop(): Promise<void>
}

/** Where its values are. */
export interface ProcessOptions {
  readonly redis: string
  readonly prefixes: Readonly<Record<RedisBusMode, string>>
}

/** What it tells first. */
export type Greeting = { readonly urls: readonly string[] } | { readonly failed: string }

const FLAG = '--process'
const VARIABLE = 'CITIES_PROCESS'

/** This program, built: from beside src/ and from within dist/ alike. */
const PROGRAM = fileURLToPath(new URL('../dist/demo.js', import.meta.url))

/** By then it has closed what it has open. */
const LONGEST_END = 5_000

/** Starts this program once more, as a service over `database`; whoever starts it stops it. */
export async function startProcess(
  database: Pick<Database, 'query'>,
  options: ProcessOptions,
): Promise<ServiceProcess> {
  if (!existsSync(PROGRAM)) throw new Error(`another process needs ${PROGRAM}: run npm run build first`)
  // Among the arguments everybody on the machine could read a password.
  const env = { ...process.env, [VARIABLE]: JSON.stringify(options) }
  const child = fork(PROGRAM, [FLAG], { env, execArgv: [] })
  try {
    const urls = await greeted(child)
    child.on('message', (question: Question) => void answer(child, database, question))
    return { pid: child.pid ?? Number.NaN, urls, stop: () => stop(child) }
  } catch (error) {
    await stop(child)
    throw error
  }
}

/** Whether this is a process that another one has started so. */
export function isStartedProcess(args: readonly string[]): boolean {
  return process.send !== undefined && args[0] === FLAG
}

/** What the one that has started this process wants of it. */
export function startedWith(): ProcessOptions {
  return JSON.parse(process.env[VARIABLE] ?? '{}')
}

async function greeted(child: ChildProcess): Promise<readonly string[]> {
  const gone = new AbortController()
  child.once('exit', () => gone.abort())
  try {
    const [greeting] = (await once(child, 'message', { signal: gone.signal })) as [Greeting]
    if ('urls' in greeting) return greeting.urls
    throw new Error(`another process of the service did not start: ${greeting.failed}`)
  } catch (error) {
    if (!gone.signal.aborted) throw error
    throw new Error(`another process of the service ended with ${child.exitCode ?? child.signalCode}`)
  }
}

async function answer(
  child: ChildProcess,
  database: Pick<Database, 'query'>,
  { id, sql, values }: Question,
): Promise<void> {
  const answered = await database.query(sql, values).then(
    rows => ({ id, rows }),
    (error: Error) => ({ id, error: error.message }),
  )
  if (child.connected) child.send(answered)
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  const late = setTimeout(() => child.kill('SIGKILL'), LONGEST_END)
  child.kill()
  await gone
  clearTimeout(late)
}
