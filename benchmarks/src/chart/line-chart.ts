import type { LineChart } from '../bench/section.js'
import { type Axis, axisOf, isOnAxis } from './axis.js'
import { chartStyle } from './chart-style.js'
import { escapeText } from './escape-text.js'
import { heading } from './heading.js'
import { drawPicture, MARGIN } from './picture.js'
import { round, textWidth } from './pixels.js'
import { readableNumber } from './readable-number.js'
import { colourOf, SERIES_COLOURS } from './series-colours.js'
import { spreadLabels } from './spread-labels.js'

const WIDTH = 760
const PLOT_HEIGHT = 300
const LEFT = MARGIN + 44
const LABEL_GAP = 16
/** Between the end of a line and its label. */
const LEADER = 16
/** With more points than these, dots would be a band. */
const MOST_DOTS = 15

const STYLE = chartStyle(
  SERIES_COLOURS,
  `${Object.keys(SERIES_COLOURS.light)
    .map(
      name =>
        `  .${name} { stroke: var(--${name}); }\n  .${name}-dot, .${name}-text { fill: var(--${name}); }\n`,
    )
    .join('')}  .line { fill: none; stroke-width: 1.5; stroke-linejoin: round; }
  .bold { stroke-width: 3; }
  .strong { font-weight: 600; }
  .leader { fill: none; stroke-width: 1; stroke-opacity: 0.5; }
  .far { stroke-dasharray: 2 4; }
`,
)

type Point = readonly [x: number, y: number]

/** A line with its place on the picture. */
interface DrawnLine {
  readonly label: string
  readonly ours: boolean
  readonly colour: string
  readonly points: readonly Point[]
}

/** Lines over one axis, ours strong; each has its label at its end. */
export function lineChart({ title, x, y, lines }: LineChart): string {
  const shown = lines.map(line => ({
    ...line,
    points: line.points.filter(
      ([at, value]) => isOnAxis(at, x.logarithmic) && isOnAxis(value, y.logarithmic),
    ),
  }))
  const all = shown.flatMap(({ points }) => points)
  const xAxis = axisOf(
    all.map(point => point[0]),
    x.logarithmic,
    'near',
  )
  const yAxis = axisOf(
    all.map(point => point[1]),
    y.logarithmic,
    'zero',
  )
  const head = heading(title, y.title, WIDTH)
  const top = head.bottom + 18
  const bottom = top + PLOT_HEIGHT
  const right =
    WIDTH - MARGIN - LEADER - Math.max(0, ...lines.map(({ label, ours }) => textWidth(label, { bold: ours })))
  const toX = (at: number) => round(LEFT + xAxis.share(at) * (right - LEFT))
  const toY = (value: number) => round(bottom - yAxis.share(value) * PLOT_HEIGHT)
  const counts = { ours: 0, others: 0 }
  const drawn = shown.map(
    ({ label, ours, points }): DrawnLine => ({
      label,
      ours,
      colour: colourOf(ours, ours ? counts.ours++ : counts.others++),
      points: points.map(([at, value]) => [toX(at), toY(value)]),
    }),
  )
  return drawPicture({
    width: WIDTH,
    height: bottom + 44 + MARGIN,
    title,
    description: `${shown.map(line => described(line)).join(' ')} Across: ${x.title}; up: ${y.title}.`,
    style: STYLE,
    content: [
      ...head.content,
      ...grid(xAxis, yAxis, toX, toY, right, bottom),
      `<text class="middle" x="${round((LEFT + right) / 2)}" y="${bottom + 40}">${escapeText(x.title)}</text>`,
      // Ours are drawn last, over the others.
      ...drawn.toSorted((a, b) => Number(a.ours) - Number(b.ours)).flatMap(drawLine),
      ...labels(drawn, right, top, bottom),
    ],
  })
}

function described({ label, points }: LineChart['lines'][number]): string {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return `${label}: nothing.`
  return `${label}: from ${readableNumber(first[1])} at ${readableNumber(first[0])} to ${readableNumber(last[1])} at ${readableNumber(last[0])}.`
}

function grid(
  xAxis: Axis,
  yAxis: Axis,
  toX: (at: number) => number,
  toY: (value: number) => number,
  right: number,
  bottom: number,
): string[] {
  return [
    ...yAxis.ticks.flatMap(({ at, label }) => [
      `<line class="grid" x1="${LEFT}" x2="${round(right)}" y1="${toY(at)}" y2="${toY(at)}"/>`,
      `<text class="end" x="${LEFT - 8}" y="${round(toY(at) + 4)}">${label}</text>`,
    ]),
    ...xAxis.ticks.flatMap(({ at, label }) => [
      `<line class="grid" x1="${toX(at)}" x2="${toX(at)}" y1="${bottom}" y2="${bottom + 5}"/>`,
      `<text class="middle" x="${toX(at)}" y="${bottom + 20}">${label}</text>`,
    ]),
  ]
}

function drawLine({ ours, colour, points }: DrawnLine): string[] {
  const line = points.map(([x, y]) => `${x},${y}`).join(' ')
  const dots = points.length > MOST_DOTS ? [] : points
  return [
    `<polyline class="line ${colour}${ours ? ' bold' : ''}" points="${line}"/>`,
    ...dots.map(([x, y]) => `<circle class="${colour}-dot" cx="${x}" cy="${y}" r="${ours ? 4 : 3}"/>`),
  ]
}

function labels(drawn: readonly DrawnLine[], right: number, top: number, bottom: number): string[] {
  const ended = drawn.flatMap(line => {
    const end = line.points.at(-1)
    return end === undefined ? [] : [{ ...line, end }]
  })
  const places = spreadLabels(
    ended.map(({ end }) => end[1]),
    LABEL_GAP,
    { top, bottom },
  )
  return ended.flatMap(({ label, ours, colour, end: [x, y] }, index) => {
    const place = round(places[index] ?? y)
    const start = round(right + LEADER)
    const far = start - x > 2 * LEADER ? ' far' : ''
    return [
      `<path class="leader ${colour}${far}" d="M${round(x + 5)} ${y}L${round(start - 4)} ${place}"/>`,
      `<text class="${colour}-text${ours ? ' strong' : ''}" x="${start}" y="${round(place + 4)}">${escapeText(label)}</text>`,
    ]
  })
}
