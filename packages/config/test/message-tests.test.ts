import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

const source = join(import.meta.dirname, '../src')

/** A bug of ours where it is ever seen. */
const UNREACHABLE = [' is not shared']

function textsIn(directory: string): [file: string, text: string][] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith('.ts'),
  )
  return files.map(file => [file, readFileSync(join(directory, file), 'utf8')])
}

/** The words that a source file holds as text: whole strings, and the parts of templates between what they put in. */
function wordsOf(file: string, text: string): string[] {
  const found: string[] = []
  function visit(node: ts.Node): void {
    const isText =
      ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
    if (isText && /[a-z]+ [a-z]+ [a-z]/i.test(node.text)) found.push(node.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
  return found
}

it('Every message of the sources, in all its parts, stands in a test', () => {
  const tests = textsIn(import.meta.dirname)
    .filter(([file]) => file !== 'message-tests.test.ts')
    .map(([, text]) => text.replaceAll("\\'", "'").replaceAll('\\"', '"'))
    .join('\n')
  const parts = textsIn(source)
    // What these say are descriptions for editors.
    .filter(([file]) => !file.startsWith('json-schema'))
    .flatMap(([file, text]) => wordsOf(file, text).map(part => ({ file, part })))
  expect(parts.length).toBeGreaterThan(50)
  const untested = parts.filter(({ part }) => !UNREACHABLE.includes(part) && !tests.includes(part.trim()))
  expect(untested).toEqual([])
})
