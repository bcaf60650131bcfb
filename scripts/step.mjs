/**
 * Runs one step: prints its name, then how it went and how long it took, and what it printed only if it failed.
 *
 * @param {string} name
 * @param {() => Promise<{ ok: boolean, output?: string, note?: string }>} work
 * @returns {Promise<boolean>} whether it went well
 */
export async function step(name, work) {
  process.stdout.write(`  ${name.padEnd(12)}`)
  const began = performance.now()
  const { ok, output = '', note } = await work()
  const seconds = `${((performance.now() - began) / 1_000).toFixed(1)} s`
  process.stdout.write(
    `${ok ? 'ok    ' : 'FAILED'} ${seconds.padStart(8)}${note === undefined ? '' : `  ${note}`}\n`,
  )
  if (!ok) process.stdout.write(`\n${output.trimEnd()}\n\n`)
  return ok
}
