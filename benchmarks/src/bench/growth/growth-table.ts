import type { Spread } from '../interleaved.js'
import type { LineChart, Table } from '../section.js'
import type { Measured } from './asked-contestants.js'

/** How figures are shown; ours is the first of the names. */
export interface GrowthTitles<Name extends string> {
  readonly caption: string
  /** What there is more and more of. */
  readonly size: string
  readonly names: Readonly<Record<Name, string>>
  readonly notes: readonly string[]
}

/** A row a size, with both names beside each other. */
export function growthTable<Name extends string>(
  figures: readonly Measured<Name>[],
  { caption, size, names, notes }: GrowthTitles<Name>,
): Table {
  const [ours, raw] = Object.keys(names) as [Name, Name]
  const at = (name: Name, some: number) =>
    figures.find(each => each.name === name && each.size === some)?.figure
  const sizes = [...new Set(figures.map(figure => figure.size))]
  return {
    caption,
    head: [size, names[ours], 'quartiles', names[raw], 'quartiles', 'ratio'],
    rows: sizes.map(some => {
      const [figure, beside] = [at(ours, some), at(raw, some)]
      return [
        some.toLocaleString('en'),
        ...figureCells(figure),
        ...figureCells(beside),
        `${((figure?.median ?? Number.NaN) / (beside?.median ?? Number.NaN)).toFixed(2)} ×`,
      ]
    }),
    notes: ['Medians of rounds.', ...notes],
  }
}

/** The same as lines over the sizes. */
export function growthLines<Name extends string>(
  figures: readonly Measured<Name>[],
  names: Readonly<Record<Name, string>>,
): LineChart['lines'] {
  return (Object.keys(names) as Name[]).map((name, index) => ({
    label: names[name],
    ours: index === 0,
    points: figures
      .filter(figure => figure.name === name)
      .map(({ size, figure }) => [size, figure.median] as const),
  }))
}

function figureCells(spread: Spread | undefined): [string, string] {
  if (spread === undefined) return ['', '']
  return [whole(spread.median), `${whole(spread.low)}–${whole(spread.high)}`]
}

function whole(figure: number): string {
  return Math.round(figure).toLocaleString('en')
}
