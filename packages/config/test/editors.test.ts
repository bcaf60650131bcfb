import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { getLanguageService, TextDocument } from 'vscode-json-languageservice'

// What VS Code completes JSON with, and with it others; that of YAML stands on the same schema.

const schema = readFileSync(new URL('../schema.json', import.meta.url), 'utf8')
const service = getLanguageService({ schemaRequestService: async () => schema })
service.configure({ schemas: [{ uri: 'file:///schema.json', fileMatch: ['*'] }] })

/** What an editor says where `|` stands in a text. */
async function editorAt(marked: string) {
  const text = marked.replace('|', '')
  const document = TextDocument.create('file:///cache.config.json', 'json', 1, text)
  const place = document.positionAt(marked.indexOf('|'))
  const parsed = service.parseJSONDocument(document)
  const completed = await service.doComplete(document, place, parsed)
  const problems = await service.doValidation(document, parsed)
  return {
    completions: completed?.items.map(({ label }) => label) ?? [],
    problems: problems.map(({ message }) => message),
    hover: JSON.stringify(await service.doHover(document, place, parsed)),
  }
}

describe('An editor', () => {
  it('completes the types of stores', async () => {
    const { completions } = await editorAt('{ "type": "|" }')
    expect(completions.map(label => JSON.parse(label)).toSorted()).toEqual([
      'lru',
      'memcached',
      'migrating',
      'none',
      'redis',
      'tiered',
    ])
  })

  it('completes the settings of a type, and none of another', async () => {
    const { completions } = await editorAt('{ "type": "redis", "|" }')
    expect(completions).toEqual(expect.arrayContaining(['url', 'socketTimeout', 'ttl', 'guard', 'caches']))
    expect(completions).not.toContain('maxEntries')
    const inner = await editorAt('{ "type": "tiered", "remote": { "type": "redis", "|" } }')
    expect(inner.completions).toEqual(expect.arrayContaining(['url', 'socketTimeout']))
    expect(inner.completions).not.toContain('ttl')
  })

  it('completes within settings, and their values', async () => {
    const guard = await editorAt('{ "type": "lru", "guard": { "|" } }')
    expect(guard.completions).toEqual(expect.arrayContaining(['backOff', 'claimed', 'limitLoads']))
    const codec = await editorAt('{ "type": "lru", "codec": "|" }')
    expect(codec.completions).toContain('"structured"')
    const cache = await editorAt('{ "url": "redis://a", "caches": { "sessions": { "|" } } }')
    expect(cache.completions).toEqual(expect.arrayContaining(['ttl', 'grace', 'type']))
  })

  it('marks what is misspelled or belongs elsewhere, and nothing else', async () => {
    expect((await editorAt('{ "type": "lru", "tll": 3 }|')).problems).toEqual([
      'Property tll is not allowed.',
    ])
    expect((await editorAt('{ "type": "redis", "maxEntries": 5 }|')).problems).toEqual([
      'Property maxEntries is not allowed.',
    ])
    expect((await editorAt('{ "type": "lru", "maxEntries": "${N}", "ttl": "5m" }|')).problems).toEqual([])
  })

  it('shows what a setting is', async () => {
    expect((await editorAt('{ "type": "lru", "t|tl": "5m" }')).hover).toContain('How long a value is fresh')
  })
})
