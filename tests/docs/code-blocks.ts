/** A TypeScript block of a page. */
export interface CodeBlock {
  /** Where it stands: `README.md:14`. */
  readonly place: string
  readonly code: string
  /** What the block says that it prints: the comments behind its `console.log` calls. */
  readonly output: readonly string[]
}

/** The fenced `ts` blocks of a Markdown text. */
export function codeBlocks(place: string, markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    if (lines[at] !== '```ts') continue
    const end = lines.indexOf('```', at)
    if (end < 0) throw new Error(`${place}:${at + 1}: the block is never closed`)
    const code = lines.slice(at + 1, end)
    blocks.push({ place: `${place}:${at + 1}`, code: code.join('\n'), output: code.flatMap(printed) })
    at = end
  }
  return blocks
}

function printed(line: string): string[] {
  const match = /^\s*console\.log\(.*\) \/\/ (.*)$/.exec(line)
  if (match === null) {
    if (/^\s*console\.log\(/.test(line))
      throw new Error(`a console.log without its output in a comment: ${line}`)
    return []
  }
  return [match[1] as string]
}
