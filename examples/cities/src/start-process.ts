import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BusMode, Environment } from '@lookaside/config'
import type { Backend } from './backends.js'
import type { Database } from './database.js'
import type { Question } from './query-channel.js'

/** The ways in which processes hear of each other; the service runs once for each. */
export const BUS_MODES = ['pubsub', 'tracking'] as const satisfies readonly BusMode[]

/** The service in a process of its own. */
export interface ServiceProcess {
  readonly pid: number
  /** `http://127.0.0.1:port` of each mode, in the order of `BUS_MODES`. */
  readonly urls: readonly string[]
  stop(): Promise<void>
}

/** What it tells first. */
export type Greeting = { readonly urls: readonly string[] } | { readonly failed: string }

const FLAG = '--process'

/** This program, built: from beside src/ and from within dist/ alike. */
const PROGRAM = fileURLToPath(new URL('../dist/demo.js', import.meta.url))

/** By then it has closed what it has open. */
const LONGEST_END = 5_000

/** Starts this program once more, as a service over `database`; whoever starts it stops it. Its keys begin with `prefix`. */
export async function startProcess(
  database: Pick<Database, 'query'>,
  { config, url }: Backend,
  prefix: string,
): Promise<ServiceProcess> {
  if (!existsSync(PROGRAM)) throw new Error(`another process needs ${PROGRAM}: run npm run build first`)
  const env = { ...process.env, CACHE_CONFIG: config, CACHE_URL: url, CACHE_PREFIX: prefix }
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

/** What a mode of the bus adds to the environment of such a process. */
export function environmentIn(mode: BusMode, prefix = ''): Environment {
  return { BUS_MODE: mode, CACHE_PREFIX: `${prefix}-${mode}` }
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
