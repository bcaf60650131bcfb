import './require-node.mjs'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, install } from './bootstrap.mjs'
import { pnpm, run, runTool } from './run.mjs'
import { provideServers } from './servers.mjs'
import { step } from './step.mjs'
import { tally } from './tally.mjs'
import { BENCH, DEMO } from './workspace.mjs'

const vitestArgs = process.argv.slice(2)
const count = { passed: 0, failed: 0 }

/** @param {Parameters<typeof step>} of */
async function check(...of) {
  const ok = await step(...of)
  count[ok ? 'passed' : 'failed']++
  return ok
}

/** @param {string[]} command a command to run in every package that is published */
function inPackages(...command) {
  return pnpm(
    '--recursive',
    '--no-bail',
    '--workspace-concurrency=2',
    '--filter=./packages/*',
    'exec',
    ...command,
  )
}

/**
 * What needs no build. One compiler for everything is much less work than one for each package, and leaves the build
 * with hardly any; meanwhile there is a processor left for the other two.
 */
async function checksOfSources() {
  const [linted, knipped] = [runTool('biome', ['check', '--error-on-warnings', '.']), runTool('knip', [])]
  await check('types', () => runTool('tsc', ['-b']))
  await check('lint', () => linted)
  await check('knip', () => knipped)
}

async function checksOfPackages() {
  await check('publint', () => inPackages('publint', '--strict'))
  await check('attw', () => inPackages('attw', '--pack', '.', '--profile', 'esm-only', '--no-emoji'))
}

async function tests() {
  const directory = mkdtempSync(join(tmpdir(), 'lookaside-'))
  try {
    const file = join(directory, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const { ok } = await runTool('vitest', ['run', ...reporters, ...vitestArgs], { show: true })
    const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
    const filtered = vitestArgs.some(arg => /^(-t|--testNamePattern)(=|$)/.test(arg))
    return tally(report, { ok, filtered })
  } finally {
    rmSync(directory, { recursive: true })
  }
}

// A run that is cut short has not passed.
process.exitCode = 1

const everything = vitestArgs.length === 0

async function built() {
  if (!(await check('install', install))) return false
  if (everything) await checksOfSources()
  return check('build', () => build())
}

if (await built()) {
  if (everything) await checksOfPackages()
  if (await check('servers', provideServers)) {
    if (everything) {
      await check('demo', () => run(process.execPath, [DEMO]))
      // Alone, before the tests: whatever runs beside it is measured too.
      await check('bench', () => run(process.execPath, [BENCH, '--check']))
    }
    const { passed, failed, complaints } = await tests()
    for (const complaint of complaints) console.log(`  FAILED ${complaint}`)
    count.passed += passed
    count.failed += failed
  } else {
    console.log('  The tests were not run.')
  }
} else {
  console.log('  Nothing else was run.')
}

console.log(`${count.passed} passed, ${count.failed} failed`)
process.exitCode = count.failed === 0 ? 0 : 1
