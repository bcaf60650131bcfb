/** What stands below a heading of a Markdown page, up to the next heading. */
export function sectionOf(page: string, heading: string): string {
  const [, section] = new RegExp(`^#+ ${heading}\\n(.*?)(?=^#+ |$(?![^]))`, 'ms').exec(page) ?? []
  if (section === undefined) throw new Error(`there is no section '${heading}'`)
  return section
}

/** The rows of the first table in a text, without its head; each a list of cells. */
export function tableOf(text: string): string[][] {
  const lines = text.split('\n')
  const start = lines.findIndex(line => /^\|(?:-+\|)+$/.test(line))
  if (start < 0) throw new Error('there is no table')
  const after = lines.slice(start + 1)
  const end = after.findIndex(line => !line.startsWith('|'))
  return after.slice(0, end < 0 ? undefined : end).map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim()),
  )
}

/** The texts between backticks. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}
