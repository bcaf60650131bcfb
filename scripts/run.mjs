import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { readManifest, root } from './workspace.mjs'

/**
 * How a command went; `output` is what it printed, both streams in order.
 *
 * @typedef {{ ok: boolean, output: string }} Outcome
 */

const QUIET = { DO_NOT_TRACK: '1', TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }

/**
 * Runs a command at the root without standard input; never rejects.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: Record<string, string>, show?: boolean }} [options] `show` prints the output as it comes
 * @returns {Promise<Outcome>}
 */
export function run(command, args, { env = {}, show = false } = {}) {
  return new Promise(resolve => {
    let output = ''
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...QUIET, ...env },
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    })
    // Whatever makes this process exit early, its commands end with it.
    const end = () => child.kill()
    process.once('exit', end)
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', chunk => {
        output += chunk
      })
    }
    child.on('error', error =>
      resolve({ ok: false, output: `${output}cannot run ${command}: ${error.message}\n` }),
    )
    child.on('close', (code, signal) => {
      process.off('exit', end)
      if (signal !== null) output += `${command} was ended by ${signal}\n`
      resolve({ ok: code === 0, output })
    })
  })
}

/**
 * Runs a command that the workspace has installed.
 *
 * @param {string} name
 * @param {readonly string[]} args
 * @param {Parameters<typeof run>[2]} [options]
 */
export function runTool(name, args, options) {
  return run(join(root, 'node_modules/.bin', name), args, options)
}

/**
 * Runs the pnpm that the workspace pins, by npx: none has to be installed. What it starts finds it on the PATH.
 *
 * @param {...string} args
 */
export function pnpm(...args) {
  const [version = 'pnpm'] = (readManifest('.').packageManager ?? '').split('+')
  // Without a terminal pnpm would stop at a question; in CI it asks none.
  return run('npx', ['--yes', version, ...args], { env: { CI: 'true' } })
}
