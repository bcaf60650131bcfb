import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { root } from './workspace.mjs'

/**
 * Runs a built program with the arguments of this script, and ends as it does.
 *
 * @param {string} file relative to the root
 */
export function runProgram(file) {
  const program = spawn(process.execPath, [file, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
  // The terminal sends an interrupt to both; the program ends in its own time, and this script after it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => program.kill('SIGTERM'))
  process.on('exit', () => program.kill())
  program.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal ?? 'SIGTERM']
  })
}
