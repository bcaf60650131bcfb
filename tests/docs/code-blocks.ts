import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

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

/** All blocks of the Markdown pages at and below `paths`. */
export function codeBlocksUnder(root: string, paths: readonly string[]): CodeBlock[] {
  return paths
    .flatMap(path => pages(join(root, path)))
    .flatMap(page => {
      return codeBlocks(relative(root, page), readFileSync(page, 'utf8'))
    })
}

function pages(path: string): string[] {
  if (path.endsWith('.md')) return [path]
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md') && !name.includes('node_modules'))
    .map(name => join(path, name))
    .sort()
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
