import { nearestName } from '@lookaside/core'
import { object } from '../schema/expected.js'
import type { StorePlugin } from '../stores/store-plugin.js'
import { type Beside, type CheckedObject, split } from './beside.js'
import type { Findings } from './findings.js'
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
    const near = nearestName(name, STORE_TYPES)
    const hint = near === undefined ? '. Is the package installed?' : `; did you mean '${near}'?`
    findings.add(
      at,
      `expected ${listed(STORE_TYPES)}, or the name of an installed package with a store; received ${findings.shown(at, name)}${hint}`,
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
