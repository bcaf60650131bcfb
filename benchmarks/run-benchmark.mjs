import '../scripts/require-node.mjs'
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { build, install } from '../scripts/bootstrap.mjs'
import { run } from '../scripts/run.mjs'
import { provideServers } from '../scripts/servers.mjs'
import { step } from '../scripts/step.mjs'

/** Makes sure that there are the servers that the benchmark starts. */
async function provide(commands) {
  const notes = []
  for (const command of commands) {
    const { ok, output } = await run(command, ['--version'])
    if (!ok) return provideServers()
    notes.push(output.trim().split(' sha=')[0])
  }
  return { ok: true, note: notes.join(', ') }
}

/** Builds what the benchmark needs and runs it; standard output has the results only. */
export async function runBenchmark(name, servers = ['redis-server']) {
  const ready =
    (await step('install', install, process.stderr)) &&
    (await step('servers', () => provide(servers), process.stderr)) &&
    (await step('build', () => build('@lookaside/benchmarks...'), process.stderr))
  if (!ready) {
    process.exitCode = 1
    return
  }
  const main = fileURLToPath(new URL(`dist/${name}/main.js`, import.meta.url))
  const benchmark = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  // The terminal sends an interrupt to both; the benchmark stops its server first, and this script ends after it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => benchmark.kill('SIGTERM'))
  process.on('exit', () => benchmark.kill())
  benchmark.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGTERM']
  })
}
