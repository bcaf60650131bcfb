import { quote } from '../errors.js'
import { childSpace, type KeySpace } from '../keys/key.js'
import { checkOptions } from '../options/options.js'
import { extendSettings, type NamespaceOptions, type Settings } from './settings.js'

/** What a namespace is set to from outside the code that opens it, and the namespaces within it. */
export interface ConfiguredNamespace extends NamespaceOptions {
  /** The namespaces within this one, by name. @default none */
  readonly namespaces?: ConfiguredNamespaces | undefined
}

/** Settings of namespaces, by name. */
export type ConfiguredNamespaces = Readonly<Record<string, ConfiguredNamespace>>

/** What is set for one namespace, where anything is. */
export function configuredFor(
  namespaces: ConfiguredNamespaces | undefined,
  name: string,
): ConfiguredNamespace | undefined {
  return namespaces !== undefined && Object.hasOwn(namespaces, name) ? namespaces[name] : undefined
}

/** Lays what is set for a namespace over what it inherits and what code gives it. @throws CacheError */
export function configure(
  what: string,
  settings: Settings,
  configured: ConfiguredNamespace | undefined,
): Settings {
  if (configured === undefined) return settings
  const { namespaces: _, ...options } = configured
  return extendSettings(what, settings, options)
}

/** Checks all of them, so that none is found bad when it is first opened. @throws CacheError */
export function checkNamespaces(
  space: KeySpace,
  settings: Settings,
  namespaces: ConfiguredNamespaces | undefined,
): void {
  if (namespaces === undefined) return
  checkOptions('namespaces', namespaces, Object.keys(namespaces ?? {}))
  for (const [name, configured] of Object.entries(namespaces)) {
    const inner = childSpace(space, name)
    const what = `the namespace ${quote(name)}`
    checkOptions(what, configured, Object.keys(configured ?? {}))
    checkNamespaces(inner, configure(what, settings, configured), configured?.namespaces)
  }
}
