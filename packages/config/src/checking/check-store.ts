import { isCacheError, nearestName } from '@lookaside/core'
import type { z } from 'zod'
import { isPlain } from '../reading/variables.js'
import { CACHE_SHAPE } from '../schema/cache-settings.js'
import { object } from '../schema/expected.js'
import { LRU_SHAPE } from '../stores/lru.js'
import { MEMCACHED_SHAPE } from '../stores/memcached.js'
import { MIGRATING_SHAPE } from '../stores/migrating.js'
import { NONE_SHAPE } from '../stores/none.js'
import { REDIS_SHAPE } from '../stores/redis.js'
import type { StorePlugin } from '../stores/store-plugin.js'
import { storeFromUrl } from '../stores/store-urls.js'
import { TIERED_SHAPE } from '../stores/tiered.js'
import type { CheckedStore } from './checked-store.js'
import type { Findings } from './findings.js'
import { unknownName } from './issues.js'
import { loadPlugin } from './load-plugin.js'
import type { Path } from './path.js'

const SHAPES = {
  lru: LRU_SHAPE,
  redis: REDIS_SHAPE,
  memcached: MEMCACHED_SHAPE,
  tiered: TIERED_SHAPE,
  migrating: MIGRATING_SHAPE,
  none: NONE_SHAPE,
} as const

type Type = keyof typeof SHAPES
const TYPES = Object.keys(SHAPES) as Type[]

/** Where a store stands: by itself, or within another, which takes only some. */
interface Role {
  readonly types: readonly Type[]
  readonly expected: string
}

const ANY: Role = { types: TYPES, expected: 'a store' }
const LOCAL: Role = { types: ['lru'], expected: "a store in this process, of type 'lru'" }
const REMOTE: Role = {
  types: ['redis', 'memcached', 'migrating', 'none'],
  expected: "a store that processes share, of type 'redis', 'memcached' or 'migrating'",
}
const MOVED: Role = {
  types: ['redis', 'memcached'],
  expected: "a store that processes share, of type 'redis' or 'memcached'",
}

/** The settings that stand beside those of a store in the same object, and what they must be. */
export type Beside = Readonly<Record<string, z.ZodType>>

const NOTHING: Beside = {}

/** What was found in one object: a store, and the settings beside it. */
export interface CheckedObject {
  readonly store: CheckedStore | undefined
  readonly beside: Readonly<Record<string, unknown>>
}

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
    } else findings.expected(at, `a type or a url: ${quoted(role.types)}`, type)
    return undefined
  }
  const known = TYPES.find(name => name === type)
  if (known === undefined) return checkPlugin(type, rest, path, directory, findings, beside)
  if (!role.types.includes(known)) {
    findings.expected(at, role.expected, type)
    return undefined
  }
  if (!('url' in SHAPES[known]) && rest['url'] !== undefined) {
    const message = `a store of type '${known}' has no url; leave out the type where the url is to say it`
    findings.add([...path, 'url'], message, true)
  }
  if (beside === NOTHING) {
    for (const name of Object.keys(rest)) {
      if (name in SHAPES[known] || !(name in CACHE_SHAPE)) continue
      findings.add([...path, name], `${name} is a setting of the cache, not of a store within it`, true)
    }
  }
  const checked = findings.check(object({ ...SHAPES[known], ...beside }), rest, path) as
    | Record<string, unknown>
    | undefined
  for (const { name, message } of conflicts(known, rest, name => findings.has([...path, name])))
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

/** An object with its type, which a URL tells where it is not given. */
function withType(given: unknown, path: Path, findings: Findings): Record<string, unknown> | undefined {
  if (typeof given === 'string') findings.movedFrom(path, [...path, 'url'])
  const raw = typeof given === 'string' ? { url: given } : given
  if (!isPlain(raw)) {
    findings.expected(path, 'an object with the type or the url of a store', given)
    return undefined
  }
  const { url, type: _, ...rest } = raw
  if (raw['type'] !== undefined || url === undefined) return raw
  try {
    return { ...storeFromUrl(url), ...rest }
  } catch (error) {
    if (!isCacheError(error)) throw error
    const at = typeof given === 'string' ? path : [...path, 'url']
    if (findings.hadVariable(at))
      findings.expected(
        at,
        'the URL of a cache, such as memory:, redis://host:6379 or memcached://host:11211',
        url,
      )
    else findings.add(at, error.message)
    return undefined
  }
}

async function checkInner(
  type: Type,
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

async function checkPlugin(
  name: string,
  given: Record<string, unknown>,
  path: Path,
  directory: string,
  findings: Findings,
  beside: Beside,
): Promise<CheckedObject | undefined> {
  const at = [...path, 'type']
  const loaded = await loadPlugin(name, directory)
  if ('absent' in loaded) {
    const near = nearestName(name, TYPES)
    const hint = near === undefined ? '. Is the package installed?' : `; did you mean '${near}'?`
    findings.add(
      at,
      `expected ${quoted(TYPES)}, or the name of an installed package with a store; received ${findings.shown(at, name)}${hint}`,
    )
  }
  if ('problem' in loaded) findings.addForeign(at, loaded.problem)
  const [options, settings] = split(given, beside)
  const checkedSettings = findings.check(object(beside), settings, path)
  if (!('plugin' in loaded)) return undefined
  const { plugin } = loaded
  const checked = await checkOptions(plugin, options, path, findings)
  if (checked === undefined || checkedSettings === undefined) return undefined
  return { store: { path, type: 'plugin', name, plugin, options: checked.value }, beside: checkedSettings }
}

async function checkOptions(
  { schema }: StorePlugin,
  options: unknown,
  path: Path,
  findings: Findings,
): Promise<{ readonly value: unknown } | undefined> {
  const result = await schema['~standard'].validate(options)
  if (result.issues === undefined) return result
  for (const { message, path: within = [] } of result.issues) {
    const keys = within.map(step => (typeof step === 'object' ? step.key : step))
    findings.addForeign([...path, ...keys], message)
  }
  return undefined
}

/** What belongs to the store, and what stands beside it. */
function split(
  given: Record<string, unknown>,
  beside: Beside,
): [Record<string, unknown>, Record<string, unknown>] {
  const entries = Object.entries(given)
  return [
    Object.fromEntries(entries.filter(([name]) => !Object.hasOwn(beside, name))),
    Object.fromEntries(entries.filter(([name]) => Object.hasOwn(beside, name))),
  ]
}

/** What can't be said together. */
function conflicts(
  type: Type,
  options: Record<string, unknown>,
  isWrong: (name: string) => boolean,
): { name: string; message: string }[] {
  const has = (name: string) => options[name] !== undefined || isWrong(name)
  const found: { name: string; message: string }[] = []
  if (type === 'lru' && has('maxSize') && !has('sizeOf')) {
    found.push({
      name: 'maxSize',
      message:
        'maxSize needs sizeOf, which only a program can give; in a file use maxEntries, or write it as lookaside.config.js',
    })
  }
  if (type === 'lru' && has('sizeOf') && !has('maxSize')) {
    found.push({ name: 'sizeOf', message: 'sizeOf has no effect without maxSize; give both or neither' })
  }
  if (type === 'memcached' && has('url') && has('servers')) {
    found.push({ name: 'servers', message: 'url names the servers already; give one of the two' })
  }
  if (type === 'memcached' && has('username') !== has('password')) {
    const name = has('username') ? 'username' : 'password'
    found.push({ name, message: 'username and password go together; give both' })
  }
  return found
}

function quoted(names: readonly string[]): string {
  return names.map(name => `'${name}'`).join(', ')
}
