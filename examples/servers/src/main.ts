import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { startMemcached, startRedis } from './local-server.js'

// Runs an example: `node main.js NAME …`. Redis and two memcacheds are started for it, unless REDIS_URL and
// MEMCACHED_SERVERS name others; where one is not on the PATH, examples that need it say so.

const examples = new URL('../../', import.meta.url)
const [name = '', ...args] = process.argv.slice(2)
const program = new URL(`${name}/dist/main.js`, examples)

if (/^[\w-]+$/.test(name) && name !== 'servers' && existsSync(program)) {
  process.exitCode = await runWithServers(fileURLToPath(program), args)
} else {
  const names = readdirSync(examples).filter(each => existsSync(new URL(`${each}/dist/main.js`, examples)))
  const known = names.filter(each => each !== 'servers').join(', ')
  console.error(`Say which example to run: npm run example NAME, where NAME is one of ${known}`)
  process.exitCode = 1
}

async function runWithServers(file: string, args: readonly string[]): Promise<number> {
  const { REDIS_URL, MEMCACHED_SERVERS } = process.env
  const redis = REDIS_URL === undefined ? await startRedis() : undefined
  const memcacheds =
    MEMCACHED_SERVERS === undefined ? await Promise.all([startMemcached(), startMemcached()]) : []
  const started = [redis, ...memcacheds].filter(server => server !== undefined)
  const hosts = memcacheds.flatMap(server => (server === undefined ? [] : new URL(server.url).host))
  const env = {
    ...process.env,
    ...(redis !== undefined && { REDIS_URL: redis.url }),
    ...(hosts.length > 0 && { MEMCACHED_SERVERS: hosts.join(',') }),
  }
  const example = spawn(process.execPath, [file, ...args], { env, stdio: 'inherit' })
  // The terminal sends an interrupt to both; the example ends in its own time, and its servers after it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => example.kill('SIGTERM'))
  process.once('exit', () => example.kill())
  const [code, signal] = (await once(example, 'exit')) as [number | null, NodeJS.Signals | null]
  await Promise.all(started.map(server => server.stop()))
  return code ?? 128 + constants.signals[signal ?? 'SIGTERM']
}
