import './require-node.mjs'
import { build, install } from './bootstrap.mjs'
import { runProgram } from './run-program.mjs'
import { step } from './step.mjs'
import { DEMO } from './workspace.mjs'

if ((await step('install', install)) && (await step('build', () => build('@lookaside/example-cities...')))) {
  runProgram(DEMO)
} else {
  process.exitCode = 1
}
