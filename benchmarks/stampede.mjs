// Builds what the benchmark needs and runs it. Standard output has the results only.
import '../scripts/require-node.mjs'
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build, install } from '../scripts/bootstrap.mjs'
import { run } from '../scripts/run.mjs'
import { provideServers } from '../scripts/servers.mjs'
import { step } from '../scripts/step.mjs'

const MAIN = fileURLToPath(new URL('dist/stampede/main.js', import.meta.url))

/** The benchmark needs no server but Redis. */
async function provideRedis() {
  const { ok, output } = await run('redis-server', ['--version'])
  return ok ? { ok, note: output.trim().split(' sha=')[0] } : provideServers()
}

const ready =
  (await step('install', install, process.stderr)) &&
  (await step('redis', provideRedis, process.stderr)) &&
  (await step('build', () => build('@lookaside/benchmarks...'), process.stderr))

if (ready) {
  const benchmark = spawn(process.execPath, [MAIN, ...process.argv.slice(2)], { stdio: 'inherit' })
  // The terminal sends an interrupt to both; the benchmark stops its server first, and this script ends after it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => benchmark.kill('SIGTERM'))
  process.on('exit', () => benchmark.kill())
  benchmark.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGTERM']
  })
} else {
  process.exitCode = 1
}
