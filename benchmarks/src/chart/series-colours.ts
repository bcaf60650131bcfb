import type { Colours } from './chart-style.js'

/** What of several ours are drawn in, and what the others: in turn, when there are more. */
const OURS_COLOURS = 3
const OTHER_COLOURS = 6

/** Ours are blue, teal and violet; the others are away from these, and less loud. */
export const SERIES_COLOURS: Colours = {
  light: {
    'ours-0': '#0860ca',
    'ours-1': '#0e7c86',
    'ours-2': '#8250df',
    'other-0': '#bc4c00',
    'other-1': '#6e7781',
    'other-2': '#9a6700',
    'other-3': '#bf3989',
    'other-4': '#2f7d32',
    'other-5': '#a0423a',
    bar: '#b6bfc9',
    whisker: '#1f2328',
  },
  dark: {
    'ours-0': '#58a6ff',
    'ours-1': '#3fc1c9',
    'ours-2': '#bc8cff',
    'other-0': '#f0883e',
    'other-1': '#9198a1',
    'other-2': '#d6a419',
    'other-3': '#f778ba',
    'other-4': '#56d364',
    'other-5': '#ff938a',
    bar: '#4a535e',
    whisker: '#f0f6fc',
  },
}

/** The name of the colour of the `index`th of ours, or of the others. */
export function colourOf(ours: boolean, index: number): string {
  return ours ? `ours-${index % OURS_COLOURS}` : `other-${index % OTHER_COLOURS}`
}
