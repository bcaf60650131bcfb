import { escapeText } from './escape-text.js'
import { MARGIN } from './picture.js'
import { round } from './pixels.js'

/** The title of a picture, in as many lines as it takes, with a line below. */
export interface Heading {
  readonly content: readonly string[]
  /** Where it ends. */
  readonly bottom: number
}

const LINE = 22
/** About the width of a character of the title. */
const CHARACTER = 9.6

export function heading(title: string, below: string, width: number): Heading {
  const lines = wrapped(title, Math.floor((width - 2 * MARGIN) / CHARACTER))
  const first = 32
  const bottom = first + lines.length * LINE - 2
  return {
    content: [
      ...lines.map(
        (line, index) =>
          `<text class="title" x="${MARGIN}" y="${round(first + index * LINE)}">${escapeText(line)}</text>`,
      ),
      `<text x="${MARGIN}" y="${bottom}">${escapeText(below)}</text>`,
    ],
    bottom,
  }
}

function wrapped(text: string, most: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || line.length + 1 + word.length > most) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}
