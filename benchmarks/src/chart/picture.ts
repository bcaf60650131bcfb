import { escapeText } from './escape-text.js'

/** What a picture is made of. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** What it is called to those who do not see it. */
  readonly title: string
  /** What it shows, in words. */
  readonly description: string
  readonly style: string
  /** Elements of SVG. */
  readonly content: readonly string[]
}

/** The blank edge of pictures. */
export const MARGIN = 20

/** A whole SVG document, with a background. */
export function drawPicture({ width, height, title, description, style, content }: Picture): string {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escapeText(title)}</title>`,
    `<desc id="description">${escapeText(description)}</desc>`,
    `<style>${style}</style>`,
    `<rect class="back" width="${width}" height="${height}" rx="6"/>`,
    ...content,
    '</svg>',
  ].join('\n')}\n`
}
