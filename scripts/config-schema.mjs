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

const URL_OF_A_STORE =
  'The URL of a store, whose scheme says the type: memory:, redis://, rediss://, memcached:// or none:.'

const { checker, interfaces } = readTypes()
const text = `${JSON.stringify(configJsonSchema(wordsFor), undefined, 2)}\n`
if (!process.argv.includes('--check')) writeFileSync(FILE, text)
else if (readFileSync(FILE, 'utf8') !== text) {
  console.error('packages/config/schema.json is not what the checks say: run npm run config-schema')
  process.exitCode = 1
}

/**
 * What the types say of a setting; one without a word is refused.
 *
 * @param {string} form
 * @param {string} name
 */
function wordsFor(form, name) {
  const type = interfaces.get(form) ?? interfaces.get(formOf(form))
  // What is not the store's own is the cache's.
  const symbol = type?.getProperty(name) ?? interfaces.get('CacheSettings')?.getProperty(name)
  const typed = ts.displayPartsToString(symbol?.getDocumentationComment(checker))
  const words = OWN.get(name) ?? (typed === '' && name === 'url' ? URL_OF_A_STORE : typed)
  if (words === '') throw new Error(`the types have no description of ${form}.${name}`)
  const fallback = symbol?.getJsDocTags(checker).find(tag => tag.name === 'default')
  if (fallback === undefined || OWN.has(name)) return words
  return `${words} Default: ${ts.displayPartsToString(fallback.text)}`
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
