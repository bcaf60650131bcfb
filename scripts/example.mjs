import './require-node.mjs'
import { build, install } from './bootstrap.mjs'
import { runProgram } from './run-program.mjs'
import { provideServers } from './servers.mjs'
import { step } from './step.mjs'
import { EXAMPLES } from './workspace.mjs'

if (
  (await step('install', install)) &&
  (await step('build', () => build('@lookaside/example-*...'))) &&
  (await step('servers', provideServers))
) {
  console.log()
  runProgram(EXAMPLES)
} else {
  process.exitCode = 1
}
