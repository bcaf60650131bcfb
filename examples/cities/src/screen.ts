import { stripVTControlCharacters, styleText } from 'node:util'

const { NO_COLOR } = process.env
const coloured = Boolean(process.stdout.isTTY) && !NO_COLOR

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

function style(format: Parameters<typeof styleText>[0]): (text: string) => string {
  return text => (coloured ? styleText(format, text) : text)
}

export const bold = style('bold')
export const dim = style('dim')
export const green = style('green')
export const red = style('red')

export function print(text = ''): void {
  process.stdout.write(`${text}\n`)
}

/** A title, and what is to be said before what it announces. */
export function heading(text: string, ...explanation: readonly string[]): void {
  print(`\n${bold(text)}`)
  for (const line of explanation) print(dim(`   ${line}`))
  if (explanation.length > 0) print()
}

/** Prints cells in columns, two blanks in; `aligns` has an `l` or an `r` for each column. */
export function table(aligns: string, rows: readonly (readonly string[])[]): void {
  const widths = [...aligns].map((_, column) => Math.max(0, ...rows.map(row => width(row[column] ?? ''))))
  for (const row of rows) {
    const cells = row.map((cell, column) => {
      const blanks = ' '.repeat((widths[column] ?? 0) - width(cell))
      return aligns[column] === 'r' ? blanks + cell : cell + blanks
    })
    print(`  ${cells.join('  ')}`.trimEnd())
  }
}

/** A line that says what is going on, rewritten in place and gone in the end; only on a terminal. */
export function status(doing: string): { update(detail: string): void; done(): void } {
  function rewrite(text: string) {
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${text}`)
  }
  rewrite(dim(`  ${doing} …`))
  return {
    update: detail => rewrite(dim(`  ${doing} … ${detail}`)),
    done: () => rewrite(''),
  }
}

/** Two or three digits: `0.38 ms`, `12.4 ms`, `128 ms`, `2.1 s`. */
export function duration(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`
}

export function count(n: number): string {
  return n.toLocaleString('en')
}

export function times(factor: number): string {
  return `${factor < 10 ? factor.toFixed(1) : count(Math.round(factor))}×`
}

function width(text: string): number {
  return stripVTControlCharacters(text).length
}
