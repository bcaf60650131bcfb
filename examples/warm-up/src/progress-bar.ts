import type { WarmProgress } from '@lookaside/core'

const WIDTH = 24
const terminal = process.stdout.isTTY === true

/** How often to show it: a bar moves, lines only now and then. */
export const SHOW_EVERY = terminal ? '100ms' : '500ms'

/** Shows how far a warming is: one line that is rewritten on a terminal, else a line each time. */
export function showProgress(progress: WarmProgress): void {
  const { done, total = done, rate, left } = progress
  const share = total === 0 ? 1 : Math.min(1, done / total)
  const full = Math.round(share * WIDTH)
  const parts = [
    `   ${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`,
    `${Math.floor(share * 100)} %`.padStart(5),
    `${count(done)} of ${count(total)}`,
    `${count(rate)}/s`,
    ...(left === undefined ? [] : [`${(left / 1_000).toFixed(1)} s left`]),
  ]
  const line = parts.join('  ')
  process.stdout.write(terminal ? `\r\x1b[2K${line}` : `${line}\n`)
}

/** Leaves the line that is rewritten. */
export function endProgress(): void {
  if (terminal) process.stdout.write('\n')
}

export function count(n: number): string {
  return Math.round(n).toLocaleString('en')
}
