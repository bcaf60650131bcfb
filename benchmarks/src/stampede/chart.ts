import { drawPicture, MARGIN } from '../chart/picture.js'
import { binned } from './chart-data.js'
import { PANEL, type PanelData, panel, type Scales } from './chart-panel.js'
import { CHART_STYLE } from './chart-style.js'
import type { Measured } from './measured.js'
import { milliseconds, type Result } from './report.js'
import type { Setting } from './setting.js'

/** A result with what it was computed from. */
export interface ChartedResult extends Result {
  readonly measured: Measured
}

const COLUMNS = 2
const HEADER = 78

/** An SVG picture of all strategies around expiries. */
export function chart(results: readonly ChartedResult[], setting: Setting): string {
  const panels = results.map(
    ({ strategy, figures, measured }): PanelData => ({
      title: strategy.title,
      summary: `p99 ${milliseconds(figures.p99AroundExpiry)} ms · ${figures.loadsPerExpiry.toFixed(1)} loads per expiry · at most ${figures.mostLoadsAtOnce} at once`,
      bins: binned(measured, setting),
    }),
  )
  const scales = scalesOf(panels, setting)
  const width = COLUMNS * PANEL.width + 2 * MARGIN
  const height = HEADER + Math.ceil(panels.length / COLUMNS) * PANEL.height + MARGIN
  const placed = panels.map((data, index) => {
    const left = MARGIN + (index % COLUMNS) * PANEL.width
    const top = HEADER + Math.floor(index / COLUMNS) * PANEL.height
    return `<g transform="translate(${left} ${top})">\n${panel(data, scales)}\n</g>`
  })
  return drawPicture({
    width,
    height,
    title: 'Latency and loads around the expiry of a hot key, by strategy',
    description: panels.map(({ title, summary }) => `${title}: ${summary}.`).join(' '),
    style: CHART_STYLE,
    content: [
      `<text class="title" x="${MARGIN}" y="32">A hot key around its expiry</text>`,
      `<text x="${MARGIN}" y="52">Time in load times of ${setting.loadTime} ms before and after the expiry of a value; all expiries laid over each other.</text>`,
      ...legend(width),
      ...placed,
    ],
  })
}

function legend(width: number): string[] {
  const [latency, worst, running] = [width - 380, width - 280, width - 160]
  return [
    `<line class="p50" x1="${latency}" x2="${latency + 22}" y1="28" y2="28"/>`,
    `<text x="${latency + 28}" y="32">median</text>`,
    `<rect class="band" x="${worst}" y="22" width="22" height="12"/>`,
    `<line class="p99" x1="${worst}" x2="${worst + 22}" y1="22" y2="22"/>`,
    `<text x="${worst + 28}" y="32">99 % below</text>`,
    `<rect class="loads" x="${running}" y="22" width="22" height="12"/>`,
    `<text x="${running + 28}" y="32">most loads at once</text>`,
  ]
}

function scalesOf(panels: readonly PanelData[], { loadTime }: Setting): Scales {
  const bins = panels.flatMap(data => data.bins)
  const latencies = bins.flatMap(({ p50, p99 }) => [p50, p99]).filter(latency => latency > 0)
  return {
    loadTime,
    decades: {
      from: Math.floor(Math.log10(Math.min(...latencies))),
      to: Math.ceil(Math.log10(Math.max(...latencies))),
    },
    mostLoads: Math.max(...bins.map(bin => bin.loads)),
  }
}
