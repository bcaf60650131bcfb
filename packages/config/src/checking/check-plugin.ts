import { nearestName } from '@lookaside/core'
import { object } from '../schema/expected.js'
import type { StorePlugin } from '../stores/store-plugin.js'
import { type Beside, type CheckedObject, split } from './beside.js'
import { type Findings, variableHint } from './findings.js'
import { loadPlugin } from './load-plugin.js'
import type { Path } from './path.js'
import { listed, STORE_TYPES } from './store-shapes.js'

/** Checks an object that names the package of a store, and what its schema says of the rest. */
export async function checkPlugin(
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
    const near = whatWasMeant(name)
    const hint = near === undefined ? '. Is the package installed?' : `; did you mean ${near}?`
    findings.add(
      at,
      `expected ${listed(STORE_TYPES)}, or the name of an installed package with a store; received ${findings.shown(at, name)}${variableHint(name) || hint}`,
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

type Issue = NonNullable<
  Awaited<ReturnType<StorePlugin['schema']['~standard']['validate']>>['issues']
>[number]

/** What other libraries call a type of ours. */
const OTHER_NAMES = new Map(
  Object.entries({
    memory: 'lru',
    map: 'lru',
    valkey: 'redis',
    off: 'none',
  }),
)

function whatWasMeant(name: string): string | undefined {
  if (/:\/\/|^(?:memory|none):/i.test(name)) return "'url' instead of 'type'"
  if (/^\w.*\/.*\.[cm]?js$/.test(name)) return `'./${name}'`
  const near = OTHER_NAMES.get(name) ?? nearestName(name, STORE_TYPES)
  return near === undefined ? undefined : `'${near}'`
}

async function checkOptions(
  { schema }: StorePlugin,
  options: unknown,
  path: Path,
  findings: Findings,
): Promise<{ readonly value: unknown } | undefined> {
  const first = await schema['~standard'].validate(options)
  if (first.issues === undefined) return first
  const reread = findings.reread(options, path, first.issues.map(pathOf))
  const result = reread === undefined ? first : await schema['~standard'].validate(reread)
  if (result.issues === undefined) return result
  for (const issue of result.issues) findings.addForeign([...path, ...pathOf(issue)], issue.message)
  return undefined
}

function pathOf({ path = [] }: Issue): Path {
  return path.map(step => (typeof step === 'object' ? step.key : step))
}
