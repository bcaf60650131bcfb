import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, cachesFromFile } from '@lookaside/config'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { root } from './pages.js'
import { literalDefault, type Setting, settingsOf, wordsFor } from './schema-settings.js'
import { codeSpans, sectionOf, tableOf } from './tables.js'

const page = readFileSync(join(root, 'docs/reference/config.md'), 'utf8')

/** The sections of the page, each with the definition of the schema that it is about. */
const SECTIONS: readonly (readonly [heading: string, settings: ReadonlyMap<string, Setting>])[] = [
  ['lru', settingsOf('LruStore')],
  ['redis', settingsOf('RedisStore')],
  ['memcached', settingsOf('MemcachedStore')],
  ['tiered', settingsOf('TieredConfig', name => name === 'local' || name === 'remote')],
  ['migrating', settingsOf('MigratingStore')],
  ['The cache', settingsOf('CacheSettings')],
  ['Guard', settingsOf('StampedeGuardOptions', undefined, 'with those within')],
  ['Bus', settingsOf('RedisBusConfig')],
  ['Breaker', settingsOf('BreakerOptions')],
]

interface Row {
  readonly names: readonly string[]
  readonly fallback: string
  readonly accepts: string
}

function rowsOf(heading: string): Row[] {
  return tableOf(sectionOf(page, heading)).map(([names = '', fallback = '', accepts = '']) => ({
    names: codeSpans(names),
    fallback,
    accepts,
  }))
}

describe.each(SECTIONS)('The table of docs/reference/config.md on %s', (heading, settings) => {
  const rows = rowsOf(heading)

  test('names exactly the settings that the schema has', () => {
    expect(rows.flatMap(({ names }) => names).sort()).toEqual([...settings.keys()].sort())
  })

  test('gives the defaults that the schema gives', () => {
    const given = rows.flatMap(({ names: [name = ''], fallback }) => {
      const known = literalDefault(settings.get(name))
      const said = /^`([^`]*)`/.exec(fallback)?.[1]
      return known === undefined || said === undefined ? [] : [{ name, said, known }]
    })
    for (const { name, said, known } of given) expect(`${name}: ${said}`).toBe(`${name}: ${known}`)
    if (heading !== 'tiered') expect(given.length).toBeGreaterThan(0)
  })

  test('gives the ranges and the names that the schema takes', () => {
    for (const { names, accepts } of rows) {
      if (names.length > 1) continue
      const [name = ''] = names
      const plain = accepts.replaceAll(/(?<=\d),(?=\d)/g, '')
      const lacking = wordsFor(settings.get(name)).filter(words => !plain.includes(words))
      expect(`${name} lacks ${lacking.join(' and ')}`).toBe(`${name} lacks `)
    }
  })
})

describe('docs/reference/config.md', () => {
  test('names the settings of namespaces', () => {
    const named = new Set(codeSpans(sectionOf(page, 'Namespaces')))
    expect([...settingsOf('ConfiguredNamespace').keys()].filter(name => !named.has(name))).toEqual([])
  })

  test('shows what is said of a file that is wrong', async () => {
    const blocks = [...sectionOf(page, 'Errors').matchAll(/^```(?:yaml|text)\n(.*?)^```$/gms)]
    const [config = '', message = ''] = blocks.map(([, text]) => text)
    const directory = mkdtempSync(join(tmpdir(), 'lookaside-docs-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    writeFileSync(join(directory, 'cache.config.yaml'), config)
    vi.spyOn(process, 'cwd').mockReturnValue(directory)
    onTestFinished(() => {
      vi.restoreAllMocks()
    })
    const error = await cachesFromFile('cache.config.yaml', ['sessions'], {}, {}).catch(refused => refused)
    expect(error).toBeInstanceOf(ConfigError)
    expect(`${error.message}\n`).toBe(message)
  })
})
