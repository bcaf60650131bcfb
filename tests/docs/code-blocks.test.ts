import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { type CodeBlock, codeBlocks } from './code-blocks.js'
import { documentationPages, root } from './pages.js'

// Inside this package, so that the blocks resolve the packages as a user's program would.
const directory = mkdtempSync(join(root, 'tests/docs/.blocks-'))
afterAll(() => rmSync(directory, { recursive: true }))

describe('Every code block of the documentation prints what it says', () => {
  const blocks = documentationPages().flatMap(page =>
    codeBlocks(page, readFileSync(join(root, page), 'utf8')),
  )

  test.concurrent.each(blocks)('$place', async block => {
    expect(await run(block)).toEqual(block.output)
  })
})

describe('The blocks', () => {
  test('are found with the output that they claim', () => {
    const [block] = codeBlocks('page.md', ['text', '```ts', 'console.log(1) // 1', '```'].join('\n'))
    expect(block).toEqual({ place: 'page.md:2', code: 'console.log(1) // 1', output: ['1'] })
  })

  test('show when they print something else', async () => {
    const [block] = codeBlocks('page.md', ['```ts', 'console.log(2) // 1', '```'].join('\n'))
    expect(await run(block as CodeBlock)).not.toEqual(block?.output)
  })

  test('must say what they print', () => {
    expect(() => codeBlocks('page.md', ['```ts', 'console.log(1)', '```'].join('\n'))).toThrow(
      'without its output',
    )
  })
})

/** Runs a block as a program over the built packages; the servers it names are those of the tests. */
async function run({ place, code }: CodeBlock): Promise<string[]> {
  const servers = code
    .replaceAll('redis://localhost:6379', inject('redisUrl'))
    .replaceAll('localhost:11211', inject('memcachedServers').split(',')[0] as string)
  const { outputText } = ts.transpileModule(servers, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  })
  const file = join(directory, `${place.replaceAll(/[^\w]/g, '-')}.mjs`)
  writeFileSync(file, outputText)
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 15_000 })
  return stdout.split('\n').filter(line => line !== '')
}
