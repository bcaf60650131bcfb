import './require-node.mjs'
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { build, install } from './bootstrap.mjs'
import { step } from './step.mjs'
import { DEMO, root } from './workspace.mjs'

if ((await step('install', install)) && (await step('build', () => build('@lookaside/example-cities...')))) {
  const demo = spawn(process.execPath, [DEMO, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
  // The terminal sends an interrupt to both; the demo ends in its own time, and this script after it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => demo.kill('SIGTERM'))
  process.on('exit', () => demo.kill())
  demo.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGTERM']
  })
} else {
  process.exitCode = 1
}
