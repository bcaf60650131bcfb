import type { BarChart } from '../bench/section.js'
import { axisOf } from './axis.js'
import { chartStyle } from './chart-style.js'
import { escapeText } from './escape-text.js'
import { heading } from './heading.js'
import { drawPicture, MARGIN } from './picture.js'
import { round, textWidth } from './pixels.js'
import { readableNumber } from './readable-number.js'
import { SERIES_COLOURS } from './series-colours.js'

const WIDTH = 760
const BAR = 20
const ROW = 30
/** Between a bar and what is written beside it. */
const GAP = 8

const STYLE = chartStyle(
  SERIES_COLOURS,
  `  .ours { fill: var(--ours-0); }
  .other { fill: var(--bar); }
  .whisker { stroke: var(--whisker); stroke-width: 1.25; fill: none; }
  .ours-text { fill: var(--text); font-weight: 600; }
  .value { fill: var(--text); }
`,
)

/** Bars that lie below each other, ours in a colour; the whisker is what the figures lie between. */
export function barChart({ title, unit, bars }: BarChart): string {
  const whiskers = bars.some(({ low, high }) => low !== undefined && high !== undefined)
  const below = whiskers ? `${unit}; the whiskers are the quartiles of the rounds` : unit
  const head = heading(title, below, WIDTH)
  const left = MARGIN + Math.max(0, ...bars.map(({ label, ours }) => textWidth(label, { bold: ours }))) + GAP
  const widestValue = Math.max(0, ...bars.map(({ value, ours }) => textWidth(written(value), { bold: ours })))
  const right = WIDTH - MARGIN - widestValue - GAP
  const ends = bars.flatMap(({ value, high }) => [value, high ?? value]).filter(Number.isFinite)
  const axis = axisOf(ends, false, 'zero')
  // The longest fills the room: its number says more than a round end of an axis would.
  const full = axis.share(Math.max(0, ...ends)) || 1
  const x = (value: number) => round(left + (axis.share(value) / full) * (right - left))
  const top = head.bottom + 20
  const bottom = top + bars.length * ROW
  return drawPicture({
    width: WIDTH,
    height: bottom + MARGIN - 6,
    title,
    description: `${bars.map(({ label, value }) => `${label}: ${written(value)}`).join('; ')}. In ${unit}.`,
    style: STYLE,
    content: [
      ...head.content,
      ...bars.flatMap((bar, index) => drawBar(bar, top + index * ROW, left, x)),
      `<line class="grid" x1="${round(left)}" x2="${round(left)}" y1="${top - 6}" y2="${bottom - 4}"/>`,
    ],
  })
}

function drawBar(
  { label, value, low, high, ours }: BarChart['bars'][number],
  top: number,
  left: number,
  x: (value: number) => number,
): string[] {
  const baseline = top + BAR / 2 + 4
  const middle = top + BAR / 2
  const labelled = `<text class="end${ours ? ' ours-text' : ''}" x="${round(left - GAP)}" y="${baseline}">${escapeText(label)}</text>`
  if (!Number.isFinite(value)) return [labelled]
  const whisker =
    low === undefined || high === undefined
      ? []
      : [
          `<path class="whisker" d="M${x(low)} ${middle}H${x(high)}M${x(low)} ${middle - 4}v8M${x(high)} ${middle - 4}v8"/>`,
        ]
  const end = Math.max(x(value), high === undefined ? 0 : x(high))
  return [
    labelled,
    `<rect class="${ours ? 'ours' : 'other'}" x="${round(left)}" y="${top}" width="${round(Math.max(1, x(value) - left))}" height="${BAR}" rx="2"/>`,
    ...whisker,
    `<text class="${ours ? 'ours-text' : 'value'}" x="${round(end + GAP)}" y="${baseline}">${written(value)}</text>`,
  ]
}

/** Thousands in full: beside hundreds, 1.15k would be another measure. */
function written(value: number): string {
  if (!Number.isFinite(value)) return 'none'
  return value >= 1_000 && value < 10_000 ? Math.round(value).toLocaleString('en') : readableNumber(value)
}
