// Writes packages/config/schema.json, the JSON Schema of config files, from the checks of @lookaside/config; the
// descriptions are those of its types. With --check it only says whether the file is as it would be written.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { configJsonSchema } from '../packages/config/dist/json-schema/json-schema.js'

const FILE = fileURLToPath(new URL('../packages/config/schema.json', import.meta.url))
const TYPES = fileURLToPath(new URL('../packages/config/dist/index.d.ts', import.meta.url))

/** Definitions that are forms of one type, by what their names begin with. */
/** @type {readonly (readonly [start: string, type: string])[]} */
const FORMS = [
  ['Lru', 'LruConfig'],
  ['Redis', 'RedisConfig'],
  ['Memcached', 'MemcachedConfig'],
  ['Tiered', 'TieredConfig'],
  ['Migrating', 'MigratingConfig'],
]

const OWN = new Map([
  ['type', 'The type of the store; or the name of a package with a store of its own.'],
  ['$schema', 'Where this schema is, for editors.'],
  ['caches', 'Several caches by name: their store and settings, settings alone, or the URL of a store.'],
])

const schema = described(configJsonSchema())
const text = `${JSON.stringify(schema, undefined, 2)}\n`
if (!process.argv.includes('--check')) writeFileSync(FILE, text)
else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('packages/config/schema.json is not what the checks say: run npm run config-schema')
  process.exitCode = 1
}

/**
 * The schema with a description for each setting; one without a word in the types is refused.
 *
 * @param {import('../packages/config/dist/json-schema/json-schema.js').JsonSchema} bare
 */
function described(bare) {
  const { checker, interfaces } = readTypes()
  /** @type {string[]} */
  const wordless = []
  const definitions = Object.entries(/** @type {Record<string, any>} */ (bare['definitions']))
  const withWords = definitions.map(([id, definition]) => {
    if (definition.properties === undefined) return [id, definition]
    const type = interfaces.get(id) ?? interfaces.get(formOf(id))
    const settings = Object.entries(definition.properties).map(([name, setting]) => {
      if (setting.$ref?.includes('/properties/')) return [name, setting]
      const description = OWN.get(name) ?? wordsFor(type, name, checker)
      if (description === undefined) wordless.push(`${id}.${name}`)
      return [name, { description, ...setting }]
    })
    return [id, { ...definition, properties: Object.fromEntries(settings) }]
  })
  if (wordless.length > 0) throw new Error(`no description of ${wordless.join(', ')}`)
  return { ...bare, definitions: Object.fromEntries(withWords) }
}

/** All interfaces that the types of the package use, by name. */
function readTypes() {
  const program = ts.createProgram([TYPES], {
    skipLibCheck: true,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    module: ts.ModuleKind.NodeNext,
  })
  const checker = program.getTypeChecker()
  /** @type {Map<string, ts.Type>} */
  const interfaces = new Map()
  for (const source of program.getSourceFiles()) {
    ts.forEachChild(source, node => {
      if (ts.isInterfaceDeclaration(node)) interfaces.set(node.name.text, checker.getTypeAtLocation(node))
    })
  }
  return { checker, interfaces }
}

/** @param {string} id */
function formOf(id) {
  return FORMS.find(([start]) => id.startsWith(start))?.[1] ?? id
}

/**
 * What the types say of a setting.
 *
 * @param {ts.Type | undefined} type
 * @param {string} name
 * @param {ts.TypeChecker} checker
 */
function wordsFor(type, name, checker) {
  const symbol = type?.getProperty(name)
  if (symbol === undefined) return undefined
  const words = ts.displayPartsToString(symbol.getDocumentationComment(checker))
  const fallback = symbol.getJsDocTags(checker).find(tag => tag.name === 'default')
  const text = fallback === undefined ? '' : ts.displayPartsToString(fallback.text)
  if (words === '') return undefined
  return text === '' ? words : `${words} Default: ${text}`
}
