import { chartStyle } from '../chart/chart-style.js'

/** The style of the picture of stampedes. */
export const CHART_STYLE = chartStyle(
  {
    light: { expiry: '#818b98', latency: '#0860ca', worst: '#0860ca', loads: '#bc4c00' },
    dark: { expiry: '#656c76', latency: '#58a6ff', worst: '#58a6ff', loads: '#f0883e' },
  },
  `  .expiry { stroke: var(--expiry); stroke-width: 1; stroke-dasharray: 3 3; }
  .p99 { fill: none; stroke: var(--worst); stroke-width: 1.25; stroke-opacity: 0.75; }
  .band { fill: var(--worst); fill-opacity: 0.18; }
  .p50 { fill: none; stroke: var(--latency); stroke-width: 2.25; }
  .loads { fill: var(--loads); }
`,
)
