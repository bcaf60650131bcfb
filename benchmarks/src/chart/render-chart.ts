import type { ChartData } from '../bench/section.js'
import { barChart } from './bar-chart.js'
import { lineChart } from './line-chart.js'

/** The picture of figures, as an SVG document. */
export function renderChart(data: ChartData): string {
  return data.kind === 'bars' ? barChart(data) : lineChart(data)
}
