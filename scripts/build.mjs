import './require-node.mjs'
import { build, install } from './bootstrap.mjs'
import { step } from './step.mjs'

const built = (await step('install', install)) && (await step('build', () => build(...process.argv.slice(2))))
process.exitCode = built ? 0 : 1
