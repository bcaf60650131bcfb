/** Prints cells in columns: the first to the left, the others to the right. */
export function row(name: string, ...cells: readonly string[]): void {
  console.log(`  ${name.padEnd(14)}${cells.map(cell => cell.padStart(13)).join('')}`)
}

export function duration(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 2 : 0)} ms`
}

export function count(n: number): string {
  return n.toLocaleString('en')
}
