import { nearestName } from '@lookaside/core'
import { CACHE_SHAPE } from '../schema/cache-settings.js'
import { object } from '../schema/expected.js'
import { type Beside, type CheckedObject, split } from './beside.js'
import { checkPlugin } from './check-plugin.js'
import type { CheckedStore } from './checked-store.js'
import type { Findings } from './findings.js'
import { unknownName } from './issues.js'
import type { Path } from './path.js'
import { storeConflicts } from './store-conflicts.js'
import { listed, STORE_SHAPES, STORE_TYPES, type StoreType } from './store-shapes.js'
import { withType } from './typed-store.js'

/** Where a store stands: by itself, or within another, which takes only some. */
interface Role {
  readonly types: readonly StoreType[]
  readonly expected: string
}

const ANY: Role = { types: STORE_TYPES, expected: 'a store' }
const LOCAL: Role = { types: ['lru'], expected: "a store in this process, of type 'lru'" }
const REMOTE: Role = {
  types: ['redis', 'memcached', 'migrating', 'none'],
  expected: "a store that processes share, of type 'redis', 'memcached' or 'migrating'",
}
const MOVED: Role = {
  types: ['redis', 'memcached'],
  expected: "a store that processes share, of type 'redis' or 'memcached'",
}

const NOTHING: Beside = {}

/** Checks an object that names a store, or the URL of one. */
export async function checkStore(
  given: unknown,
  path: Path,
  directory: string,
  findings: Findings,
  beside: Beside = NOTHING,
  role: Role = ANY,
): Promise<CheckedObject | undefined> {
  const typed = withType(given, path, findings)
  if (typed === undefined) return undefined
  const { type, ...rest } = typed
  const at = [...path, 'type']
  if (typeof type !== 'string') {
    if (type === undefined && findings.has([...path, 'url'])) return undefined
    const misspelled = misspelledStore(rest, beside)
    if (type === undefined && misspelled !== undefined) {
      findings.add([...path, misspelled], unknownName(misspelled, ['type', 'url']), true)
    } else findings.expected(at, `a type or a url: ${listed(role.types)}`, type)
    return undefined
  }
  const known = STORE_TYPES.find(name => name === type)
  if (known === undefined) return checkPlugin(type, rest, path, directory, findings, beside)
  if (!role.types.includes(known)) {
    findings.expected(at, role.expected, type)
    return undefined
  }
  if (!('url' in STORE_SHAPES[known]) && rest['url'] !== undefined) {
    const message = `a store of type '${known}' has no url; leave out the type where the url is to say it`
    findings.add([...path, 'url'], message, true)
  }
  if (beside === NOTHING) {
    for (const name of Object.keys(rest)) {
      if (name in STORE_SHAPES[known] || !(name in CACHE_SHAPE)) continue
      findings.add([...path, name], `${name} is a setting of the cache, not of a store within it`, true)
    }
  }
  const checked = findings.check(object({ ...STORE_SHAPES[known], ...beside }), rest, path) as
    | Record<string, unknown>
    | undefined
  for (const { name, message } of storeConflicts(known, rest, name => findings.has([...path, name])))
    findings.add([...path, name], message)
  // Stores within are looked at all the same, so that everything is told at once.
  const inner = await checkInner(known, rest, path, directory, findings)
  if (checked === undefined || inner === undefined) return undefined
  const [options, settings] = split(checked, beside)
  return { store: { path, type: known, options, ...inner } as CheckedStore, beside: settings }
}

/** What was probably meant to name the store. */
export function misspelledStore(given: object, known: object): string | undefined {
  return Object.keys(given).find(name => nearestName(name, ['type', 'url']) !== undefined && !(name in known))
}

async function checkInner(
  type: StoreType,
  given: Record<string, unknown>,
  path: Path,
  directory: string,
  findings: Findings,
): Promise<Record<string, CheckedStore> | undefined> {
  const one = async (name: string, role: Role, fallback?: unknown) => {
    const inner = given[name] === undefined ? fallback : given[name]
    if (inner === undefined) return undefined
    const checked = await checkStore(inner, [...path, name], directory, findings, NOTHING, role)
    return checked?.store
  }
  switch (type) {
    case 'tiered': {
      const local = await one('local', LOCAL, { type: 'lru' })
      const remote = await one('remote', REMOTE)
      if (given['remote'] === undefined) findings.expected([...path, 'remote'], REMOTE.expected, undefined)
      return local && remote && { local, remote }
    }
    case 'migrating': {
      const to = await one('to', MOVED)
      const from = await one('from', MOVED)
      for (const name of ['to', 'from']) {
        if (given[name] === undefined) findings.expected([...path, name], MOVED.expected, undefined)
      }
      return to && from && { to, from }
    }
    default:
      return {}
  }
}
