import './closed-output.mjs'

/** How often a log is told that a step is still going on, in seconds. */
const LINE_EVERY = 15

/**
 * Runs one step: prints its name, then how it went and how long it took, and what it printed only if it failed.
 *
 * Meanwhile a terminal shows the seconds that have passed; a file or a pipe gets a line now and then.
 *
 * @param {string} name
 * @param {() => Promise<{ ok: boolean, output?: string, note?: string }>} work
 * @param {{ isTTY?: boolean, write(text: string): unknown }} [out]
 * @returns {Promise<boolean>} whether it went well
 */
export async function step(name, work, out = process.stdout) {
  const title = `  ${name.padEnd(12)}`
  // What brings the title back: a terminal's line is rewritten, elsewhere a line that was ended is begun anew.
  let again = out.isTTY ? `\r\x1b[2K${title}` : ''
  out.write(title)
  let seconds = 0
  const ticking = setInterval(() => {
    seconds++
    if (out.isTTY) out.write(`${again}… ${seconds} s`)
    else if (seconds % LINE_EVERY === 0) {
      out.write(`${again}… ${seconds} s\n`)
      again = title
    }
  }, 1_000)
  const began = performance.now()
  const { ok, output = '', note } = await work().finally(() => clearInterval(ticking))
  const took = `${((performance.now() - began) / 1_000).toFixed(1)} s`
  out.write(
    `${again}${ok ? 'ok    ' : 'FAILED'} ${took.padStart(8)}${note === undefined ? '' : `  ${note}`}\n`,
  )
  if (!ok) out.write(`\n${output.trimEnd()}\n\n`)
  return ok
}
