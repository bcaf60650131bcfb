import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { renderChart } from '../chart/render-chart.js'
import type { ChartData } from './section.js'

const PAGE = fileURLToPath(new URL('../../../docs/explanation/performance-measured.md', import.meta.url))
const PICTURES = new URL('../../../docs/explanation/images/', import.meta.url)

const BEGIN = '<!-- figures -->'
const END = '<!-- /figures -->'

/** Replaces the figures of the page, and its pictures. @throws Error where the page has lost its marks */
export function writeDocs(figures: string, charts: readonly ChartData[]): void {
  const page = readFileSync(PAGE, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${PAGE} has no place between ${BEGIN} and ${END}`)
  writeFileSync(PAGE, `${page.slice(0, begin)}${BEGIN}\n\n${figures}\n\n${page.slice(end)}`)
  mkdirSync(PICTURES, { recursive: true })
  for (const chart of charts) writeFileSync(new URL(chart.file, PICTURES), renderChart(chart))
}
