import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { ConfigError, type ConfigProblem } from '../checking/config-error.js'
import type { Path } from '../checking/path.js'
import type { ConfigSource, Place } from './config-source.js'

/** The formats that a config can be written in as text. */
export type TextFormat = 'JSON' | 'YAML'

/** Names are texts, and nothing that is said of the text goes to the console: it may have a secret in it. */
const STRICT = { stringKeys: true, logLevel: 'error' } as const

/**
 * Reads a config in JSON or YAML, and remembers where everything stands.
 *
 * JSON is read by the reader of YAML, of which it is a part, since that one knows lines; what is no JSON is refused
 * all the same. A name that is given twice is refused in both.
 *
 * @throws ConfigError for what is no JSON, or no YAML; the message shows nothing of the text.
 */
export function readText(
  text: string,
  format: TextFormat,
  file: string,
): Pick<ConfigSource, 'value' | 'placeOf'> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, ...STRICT })
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const refuse = (message: string, place?: Place): never => {
    const problem: ConfigProblem = { path: '', message, file, ...place }
    throw new ConfigError(`${file} is not ${format}`, [problem])
  }

  const unlike = format === 'JSON' ? notJson(text) : undefined
  if (unlike !== undefined) refuse(unlike.message, placeAt(unlike.offset))
  // What follows a first error is what it led to.
  const [error] = [...document.errors, ...document.warnings]
  if (error !== undefined) {
    const place = placeAt(error.pos[0])
    refuse(`${withoutSource(error.message)}${hintFor(error.message, text, place)}`, place)
  }
  try {
    return {
      value: document.toJS(),
      placeOf(path, name = false) {
        const start = startOf(document, path, name)
        return start === undefined ? undefined : placeAt(start)
      },
    }
  } catch (cause) {
    // An alias without its anchor, or aliases that would fill the memory.
    return refuse((cause as Error).message.replace(/: .*$/s, ''))
  }
}

/** What makes a text no JSON, and where. */
function notJson(text: string): { readonly message: string; readonly offset: number } | undefined {
  const error = jsonError(text)
  if (error === undefined) return undefined
  const message = withoutSource(error.message).replace(/(?: in JSON)?(?: at position \d+.*)?$/s, '')
  return { message, offset: firstWrong(text) }
}

function jsonError(text: string): Error | undefined {
  try {
    JSON.parse(text.replace(/^\uFEFF/, ' '))
    return undefined
  } catch (error) {
    return error as Error
  }
}

/** The offset of what first makes a text no JSON: not every engine says it. What comes before could still become some. */
function firstWrong(text: string): number {
  let [good, bad] = [0, text.length]
  while (good < bad) {
    const end = Math.ceil((good + bad) / 2)
    const error = jsonError(text.slice(0, end))
    if (error === undefined || isUnfinished(error, end)) good = end
    else bad = end - 1
  }
  return Math.max(0, Math.min(good, text.length - 1))
}

function isUnfinished({ message }: Error, length: number): boolean {
  const [, at] = /at position (\d+)/.exec(message) ?? []
  return /end of JSON|unterminated string/i.test(message) || (at !== undefined && Number(at) >= length)
}

/** What parsers quote of the text may be a secret. */
function withoutSource(message: string): string {
  return message
    .replace(/(?:,? (?:\.\.\.)?"|(?<! ): |; please use ).*$/s, '')
    .replace(/^(Unknown directive|Unsupported YAML version|Invalid escape sequence) .*$/s, '$1')
    .replace(/^The \S+ tag\b/, 'The tag')
}

/** What is usually behind an error, to add to what the parser says. */
function hintFor(message: string, text: string, { line }: Place): string {
  const around = text.split('\n')[line - 1] ?? ''
  // In YAML braces open a map, and so does a colon before a blank.
  if (/[[{,](?:.*[\s:])?\$\{/.test(around))
    return `. Within { } and [ ] write a variable in quotes: "\${NAME}"`
  if (message.includes('stringKeys')) return '. Write a text that has { } or [ ] in it in quotes'
  if (/Nested mappings|[Ii]mplicit (?:map )?key/.test(message))
    return ". The names of an object begin in one column, and a blank follows each colon; a text with ': ' in it needs quotes"
  if (/[\s:,[{-][@!|>&*%`]/.test(` ${around}`))
    return '. Write a text that begins with a sign in quotes: "@acme/store"'
  return ''
}

/** The offset of the value at `path`, or of its name; of what is around it where it is not there. */
function startOf(document: Document.Parsed, path: Path, name: boolean): number | undefined {
  let node: unknown = document.contents
  let start = rangeStart(node)
  for (const [depth, key] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(
        item => String(isScalar(item.key) ? item.key.value : item.key) === String(key),
      )
      if (pair === undefined) return start
      const last = depth === path.length - 1
      node = pair.value
      start = (last && name ? undefined : rangeStart(node)) ?? rangeStart(pair.key) ?? start
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      start = rangeStart(node) ?? start
    } else return start
  }
  return start
}

function rangeStart(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}
