import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { documentationPages, root } from './pages.js'
import { anchorsOf, brokenReferences } from './references.js'

describe('What the documentation refers to is there', () => {
  test.each(documentationPages())('%s', page => {
    expect(brokenReferences(root, page, readFileSync(join(root, page), 'utf8'))).toEqual([])
  })
})

describe('The references', () => {
  test('are found broken by file, by heading and by path', () => {
    const markdown = [
      'A [page](missing.md), a [heading](options.md#missing), one [of this page](#options-and-defaults),',
      'a [file](../../README.md), a [site](https://example.com), `tests/missing.test.ts` and `tests/docs`.',
      '```text',
      '[not a link](missing.md)',
      '```',
    ].join('\n')
    expect(brokenReferences(root, 'docs/reference/options.md', markdown)).toEqual([
      'docs/reference/options.md links to missing.md',
      'docs/reference/options.md links to options.md#missing',
      'docs/reference/options.md cites tests/missing.test.ts',
    ])
  })

  test('lead to headings by their names on GitHub', () => {
    expect(anchorsOf("# `wrap`, 2 ways\n```sh\n# none\n```\n## When it can't")).toEqual([
      'wrap-2-ways',
      'when-it-cant',
    ])
  })
})
