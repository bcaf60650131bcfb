import { round } from '../chart/pixels.js'
import { type Bin, SHOWN } from './chart-data.js'

/** What a panel shows: one strategy. */
export interface PanelData {
  readonly title: string
  readonly summary: string
  readonly bins: readonly Bin[]
}

/** What all panels have in common. */
export interface Scales {
  readonly loadTime: number
  /** The ends of the logarithmic axis of latencies, powers of ten in milliseconds. */
  readonly decades: { readonly from: number; readonly to: number }
  readonly mostLoads: number
}

/** A panel's place, and the plots in it. */
export const PANEL = {
  width: 440,
  height: 252,
  left: 60,
  right: 8,
  top: 50,
  latency: 120,
  gap: 10,
  loads: 40,
}

const PLOT_WIDTH = PANEL.width - PANEL.left - PANEL.right
const LOADS_BOTTOM = PANEL.top + PANEL.latency + PANEL.gap + PANEL.loads

/** One strategy: latencies above, loads at once below, over the time to expiry. */
export function panel({ title, summary, bins }: PanelData, scales: Scales): string {
  const { loadTime, decades, mostLoads } = scales
  const x = (at: number) =>
    PANEL.left + (at / loadTime + SHOWN.before) * (PLOT_WIDTH / (SHOWN.before + SHOWN.after))
  const y = (latency: number) => {
    const share = (Math.log10(latency) - decades.from) / (decades.to - decades.from)
    return PANEL.top + PANEL.latency * (1 - Math.min(1, Math.max(0, share)))
  }
  const known = bins.filter(bin => !Number.isNaN(bin.p50))
  const line = (of: (bin: Bin) => number, some = known) =>
    some.map(bin => `${round(x(bin.at))},${round(y(of(bin)))}`).join(' ')
  const band = `${line(bin => bin.p99)} ${line(bin => bin.p50, known.toReversed())}`
  const right = PANEL.width - PANEL.right

  return [
    `<text class="name" x="${PANEL.left}" y="18">${title}</text>`,
    `<text x="${PANEL.left}" y="36">${summary}</text>`,
    ...steps(decades.from, decades.to).flatMap(decade => {
      const at = round(y(10 ** decade))
      return [
        `<line class="grid" x1="${PANEL.left}" x2="${right}" y1="${at}" y2="${at}"/>`,
        `<text class="end" x="${PANEL.left - 7}" y="${at + 4}">${10 ** decade} ms</text>`,
      ]
    }),
    `<line class="grid" x1="${PANEL.left}" x2="${right}" y1="${LOADS_BOTTOM}" y2="${LOADS_BOTTOM}"/>`,
    `<text class="end" x="${PANEL.left - 7}" y="${LOADS_BOTTOM - PANEL.loads + 10}">${mostLoads}</text>`,
    `<text class="end" x="${PANEL.left - 7}" y="${LOADS_BOTTOM + 2}">0</text>`,
    `<line class="expiry" x1="${round(x(0))}" x2="${round(x(0))}" y1="${PANEL.top}" y2="${LOADS_BOTTOM}"/>`,
    `<polygon class="band" points="${band}"/>`,
    `<polyline class="p99" points="${line(bin => bin.p99)}"/>`,
    `<polyline class="p50" points="${line(bin => bin.p50)}"/>`,
    ...bins.flatMap(bin => loadBar(bin, x, bins.length, mostLoads)),
    ...steps(-SHOWN.before + 1, SHOWN.after - 1, 2).map(
      tick =>
        `<text class="middle" x="${round(x(tick * loadTime))}" y="${LOADS_BOTTOM + 18}">${tickLabel(tick)}</text>`,
    ),
  ].join('\n')
}

function loadBar(bin: Bin, x: (at: number) => number, bins: number, mostLoads: number): string[] {
  if (bin.loads === 0) return []
  const width = PLOT_WIDTH / bins
  // A single load must be seen beside a herd.
  const height = Math.max(3, (bin.loads / mostLoads) * PANEL.loads)
  return [
    `<rect class="loads" x="${round(x(bin.at) - width / 2)}" y="${round(LOADS_BOTTOM - height)}" width="${round(width)}" height="${round(height)}"/>`,
  ]
}

function tickLabel(tick: number): string {
  if (tick === 0) return 'expiry'
  return tick < 0 ? `−${-tick}` : `+${tick}`
}

function steps(from: number, to: number, by = 1): number[] {
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by)
}
