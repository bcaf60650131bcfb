import { z } from 'zod'
import type { ConfigSource } from '../reading/config-source.js'
import { isPlain } from '../reading/variables.js'
import { CACHE_SHAPE, type CacheSettings } from '../schema/cache-settings.js'
import { object } from '../schema/expected.js'
import { NAME_EXPECTED, NAME_SCHEMA, overlaidNamespaces } from '../schema/namespaces.js'
import { given } from '../stores/given.js'
import { checkSharedKeys } from './check-shared-keys.js'
import { checkStore, misspelledStore } from './check-store.js'
import type { CheckedStore } from './checked-store.js'
import type { Findings } from './findings.js'
import { unknownName } from './issues.js'
import type { Path } from './path.js'
import { brokenRules } from './setting-rules.js'

/** The settings of a cache, checked. */
export interface CheckedCache {
  /** Its name; `''` where it is the only one. */
  readonly name: string
  readonly path: Path
  readonly store: CheckedStore
  readonly settings: CacheSettings
}

/** What the caller asks of a config. */
export interface Wanted {
  /** The names of the caches to open, or all of them; `'one'` where it is to have a single cache. */
  readonly caches: 'one' | 'all' | readonly string[]
  /** What prefixes begin with, where the config says nothing of them. */
  readonly prefix: string
}

interface StoreAndSettings {
  readonly store: CheckedStore | undefined
  readonly settings: CacheSettings
}

type Schemas = Readonly<Record<string, z.ZodType>>

const SETTINGS: Schemas = CACHE_SHAPE
/** Known names, so that they are found where one is misspelled. */
const NO_STORE: Schemas = { type: z.undefined().optional(), url: z.undefined().optional() }
const SETTINGS_OF_FILE: Schemas = { ...SETTINGS, $schema: z.unknown().optional() }
const A_CACHE = "an object with the settings of a cache, such as { type: 'lru', ttl: '5m' }"

/** Checks a config as a whole; `findings` has what is wrong with it. */
export async function checkConfig(
  config: unknown,
  wanted: Wanted,
  { directory }: ConfigSource,
  findings: Findings,
): Promise<readonly CheckedCache[]> {
  const store = async (
    value: unknown,
    path: Path,
    schemas: Schemas,
  ): Promise<StoreAndSettings | undefined> => {
    const checked = await checkStore(value, path, directory, findings, schemas)
    return checked && { store: checked.store, settings: settingsOf(checked.beside) }
  }

  /** Settings alone will do where the store may be named elsewhere. */
  async function storeOrSettings(value: unknown, path: Path, schemas: Schemas, mayLeaveOut: boolean) {
    if (!mayLeaveOut || !isPlain(value) || namesStore(value)) return store(value, path, schemas)
    const settings = findings.check(object({ ...schemas, ...NO_STORE }), value, path) as
      | Record<string, unknown>
      | undefined
    return settings && { store: undefined, settings: settingsOf(settings) }
  }

  async function single(): Promise<CheckedCache[]> {
    // A variable that is not set, instead of all caches.
    if (findings.has(['caches'])) return []
    if (wanted.caches !== 'one') {
      const expected = 'caches by name; for a single cache there are fromConfig, fromFile and fromEnv'
      findings.expected(['caches'], expected, undefined)
    }
    const checked = await store(config, [], SETTINGS_OF_FILE)
    if (checked?.store === undefined) return []
    const { prefix = wanted.prefix } = checked.settings
    return [{ name: '', path: [], store: checked.store, settings: { ...checked.settings, prefix } }]
  }

  async function several({ caches, ...common }: Record<string, unknown>): Promise<CheckedCache[]> {
    if (!isPlain(caches) || Object.keys(caches).length === 0) {
      findings.expected(['caches'], 'an object of at least one cache by name', caches)
      return []
    }
    const names = Object.keys(caches)
    checkNames(names)
    const shared = await storeOrSettings(common, [], SETTINGS_OF_FILE, true)
    const found: CheckedCache[] = []
    const mayLeaveOut = namesStore(common) || misspelledStore(common, SETTINGS_OF_FILE) !== undefined
    for (const name of names) {
      const path = ['caches', name]
      const own = await storeOrSettings(caches[name], path, SETTINGS, mayLeaveOut)
      const store = own?.store ?? shared?.store
      if (!NAME_SCHEMA.safeParse(name).success) {
        findings.add(path, `expected ${NAME_EXPECTED}; received '${name}'`, true)
        continue
      }
      if (own === undefined || shared === undefined || store === undefined) continue
      const base = shared.settings.prefix ?? wanted.prefix
      const prefix = own.settings.prefix ?? (base === '' ? name : `${base}.${name}`)
      found.push({
        name,
        path,
        store,
        settings: { ...inherited(shared.settings, own.settings, store), prefix },
      })
    }
    checkSharedKeys(found, findings)
    return typeof wanted.caches === 'string'
      ? found
      : found.filter(({ name }) => wanted.caches.includes(name))
  }

  function checkNames(names: readonly string[]): void {
    if (wanted.caches === 'one') {
      const all = names.join(', ')
      const message = `expected a single cache; there are several: ${all}. Open them with cachesFromConfig, cachesFromFile or cachesFromEnv`
      findings.add(['caches'], message, true)
    }
    if (typeof wanted.caches === 'string') return
    for (const name of wanted.caches) {
      if (!names.includes(name))
        findings.add(['caches', name], `the program asks for it: ${unknownName(name, names)}`)
    }
  }

  const found = isPlain(config) && config['caches'] !== undefined ? await several(config) : await plain()
  for (const { path, store, settings } of found) {
    for (const rule of brokenRules(store, settings)) findings.add([...path, ...rule.path], rule.message)
  }
  return found

  async function plain(): Promise<CheckedCache[]> {
    if (isPlain(config)) return single()
    findings.expected([], A_CACHE, config)
    return []
  }
}

/** What is for editors is no setting. */
function settingsOf({ $schema: _, ...settings }: Readonly<Record<string, unknown>>): CacheSettings {
  return settings as CacheSettings
}

/** Whether it says which store it is; what stands there is checked elsewhere. */
function namesStore(value: Record<string, unknown>): boolean {
  return value['type'] !== undefined || value['url'] !== undefined
}

/** What a cache has of its own takes the place of what all have in common; what does not fit its store is left out. */
function inherited(common: CacheSettings, own: CacheSettings, store: CheckedStore): CacheSettings {
  const { bus, maxLocalStaleness, ...rest } = common
  const namespaces = overlaidNamespaces(common.namespaces, own.namespaces)
  // Tiers want a bus, so they are told where it does not fit.
  const isTiered = store.type === 'tiered'
  const fits = isTiered || brokenRules(store, { bus }).length === 0
  return {
    ...rest,
    ...(bus !== undefined && fits && { bus }),
    ...(maxLocalStaleness !== undefined && isTiered && { maxLocalStaleness }),
    ...given(own),
    ...(namespaces && { namespaces }),
  }
}
