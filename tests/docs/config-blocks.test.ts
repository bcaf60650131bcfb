import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cachesFromFile, fromFile } from '@lookaside/config'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { documentationPages, root } from './pages.js'

const ENDINGS = { yaml: 'yaml', json: 'json', js: 'mjs' } as const

/** What shows what is wrong; `config-reference.test.ts` looks at it. */
const IS_WRONG = 'graze: 1h'

/** A config that a page shows. */
interface Config {
  readonly place: string
  readonly ending: string
  readonly text: string
}

// Inside this package, so that modules import the packages as a user's would.
const directory = mkdtempSync(join(root, 'tests/docs/.blocks-configs-'))
afterAll(() => rmSync(directory, { recursive: true }))

const configs = documentationPages().flatMap(page => configsOf(page, readFileSync(join(root, page), 'utf8')))

describe('Every config of the documentation', () => {
  test.each(configs)('opens: $place', async ({ place, ending, text }) => {
    const file = join(directory, `${place.replaceAll(/\W/g, '-')}.${ending}`)
    writeFileSync(file, onTestServers(text))
    const names = namesOf(text)
    const caches =
      names.length === 0
        ? [await fromFile(file, {}, {})]
        : Object.values(await cachesFromFile(file, names, {}, {}))
    expect(caches).not.toHaveLength(0)
    await Promise.all(caches.map(cache => cache.close()))
  })

  test('is found, in each of the formats', () => {
    expect(new Set(configs.map(({ ending }) => ending))).toEqual(new Set(Object.values(ENDINGS)))
    expect(configsOf('page.md', 'text\n```yaml\ntype: lru\n```\n')).toEqual([
      { place: 'page.md:2', ending: 'yaml', text: 'type: lru\n' },
    ])
  })
})

function configsOf(page: string, markdown: string): Config[] {
  return [...markdown.matchAll(/^```(yaml|json|js)\n(.*?)^```$/gms)]
    .map(({ 1: language, 2: text = '', index }) => ({
      place: `${page}:${markdown.slice(0, index).split('\n').length}`,
      ending: ENDINGS[language as keyof typeof ENDINGS],
      text,
    }))
    .filter(({ text }) => !text.includes(IS_WRONG))
}

/** The caches of a config in YAML that has several. */
function namesOf(text: string): string[] {
  const [, caches = ''] = /^caches:\n((?: {2}.*\n)+)/m.exec(text) ?? []
  return [...caches.matchAll(/^ {2}(\w+):/gm)].map(([, name = '']) => name)
}

function onTestServers(text: string): string {
  return text
    .replaceAll('redis://localhost:6379', inject('redisUrl'))
    .replaceAll('localhost:11211', inject('memcachedServers').split(',')[0] as string)
}
