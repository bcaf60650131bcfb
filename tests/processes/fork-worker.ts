import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import type { Backend } from '../backends.js'

const PACKAGES = fileURLToPath(new URL('../node_modules/@lookaside/', import.meta.url))

/** Starts a worker, which runs the built packages, with options that it reads from its arguments. */
export function forkWorker(
  worker: URL,
  options: object,
  needed: readonly string[] = ['core', 'stampede-guard', 'redis', 'memcached'],
): ChildProcess {
  for (const name of needed) {
    if (existsSync(`${PACKAGES}${name}/dist/index.js`)) continue
    throw new Error(`another process needs the built package @lookaside/${name}: run npm run build first`)
  }
  return fork(fileURLToPath(worker), [JSON.stringify(options)], { execArgv: [] })
}

/** What a worker is told of the backend that it shares with its test. */
export function backendOf({ name }: Backend): { readonly backend: string; readonly server: string } {
  const server = name === 'redis' ? inject('redisUrl') : `memcached://${inject('memcachedServers')}`
  return { backend: name, server }
}

/** Ends a process at once, with whatever it was doing (SIGKILL). */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}
