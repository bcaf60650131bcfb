import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const PAGE = fileURLToPath(new URL('../../../docs/explanation/stampedes-measured.md', import.meta.url))
const PICTURE = fileURLToPath(new URL('../../../docs/explanation/images/stampedes.svg', import.meta.url))

const BEGIN = '<!-- figures: written by npm run bench:stampede -- --write -->'
const END = '<!-- end of figures -->'

/** Replaces the figures of the page, and its picture. @throws Error where the page has lost its marks */
export function writeDocs(figures: string, picture: string): void {
  const page = readFileSync(PAGE, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place between ${BEGIN} and ${END}`)
  writeFileSync(PAGE, `${page.slice(0, begin)}${BEGIN}\n\n${figures}\n\n${page.slice(end)}`)
  mkdirSync(dirname(PICTURE), { recursive: true })
  writeFileSync(PICTURE, picture)
}
