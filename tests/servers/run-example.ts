import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { startMemcached, startRedis } from './index.js'

/** How an example went: what it printed, and what it ended with. */
export interface ExampleRun {
  readonly output: string
  readonly errors: string
  readonly code: number | null
}

/**
 * Runs a built example as a process, on a Redis and two memcacheds of its own where it `needs` them.
 *
 * `whileRunning` is given what it has printed so far, each time it prints something.
 */
export async function runExample(
  name: string,
  needs: readonly ('redis' | 'memcached')[] = [],
  args: readonly string[] = [],
  whileRunning: (output: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<ExampleRun> {
  const redis = needs.includes('redis') ? [await startRedis()] : []
  const memcacheds = needs.includes('memcached')
    ? await Promise.all([startMemcached(), startMemcached()])
    : []
  try {
    const file = join(import.meta.dirname, '../../examples', name, 'dist/main.js')
    const child = spawn(process.execPath, [file, ...args], {
      env: {
        ...process.env,
        ...(redis[0] !== undefined && { REDIS_URL: `redis://${redis[0].address}` }),
        ...(memcacheds.length > 0 && {
          MEMCACHED_SERVERS: memcacheds.map(({ address }) => address).join(','),
        }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let errors = ''
    child.stdout.setEncoding('utf8').on('data', chunk => {
      output += chunk
      whileRunning(output, signal => child.kill(signal))
    })
    child.stderr.setEncoding('utf8').on('data', chunk => {
      errors += chunk
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    return { output, errors, code }
  } finally {
    await Promise.all([...redis, ...memcacheds].map(server => server.stop()))
  }
}
