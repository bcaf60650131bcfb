import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './docs/pages.js'

/** One cell of a table of the reference, with what its row and its column are headed. */
export interface Cell {
  readonly row: string
  readonly column: string
  readonly text: string
}

/** The cells of the last table under a heading of a page in `docs/reference/`, without those that head their rows. */
export function referenceCells(page: string, heading: string): readonly Cell[] {
  const text = readFileSync(join(root, 'docs/reference', page), 'utf8')
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  const table = section.split('\n\n').findLast(block => block.startsWith('|')) ?? ''
  const [head = [], , ...rows] = table.split('\n').map(cellsOf)
  const columns = head.slice(1)
  return rows.flatMap(([row = '', ...texts]) =>
    texts.map((text, index) => ({ row, column: columns[index] ?? '', text })),
  )
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map(cell => cell.trim().replaceAll('`', ''))
}
