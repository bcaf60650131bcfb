import { isBuiltin } from 'node:module'
import { dirname, join } from 'node:path'
import type { Manifest } from '../../scripts/workspace.mjs'
import { COMPUTED, packageOf, type SourceImport } from './source-imports.js'

const CORE = '@lookaside/core'
const GUARD = '@lookaside/stampede-guard'
const ADAPTERS = ['@lookaside/lru', '@lookaside/memcached', '@lookaside/redis']

/** Which packages of the workspace each published one may need at run time. Whoever adds a package adds a line. */
const MAY_NEED: Readonly<Record<string, readonly string[]>> = {
  [CORE]: [],
  [GUARD]: [CORE],
  '@lookaside/lru': [CORE],
  '@lookaside/memcached': [CORE],
  '@lookaside/redis': [CORE],
  '@lookaside/testing': [CORE],
  '@lookaside/config': [CORE, GUARD, ...ADAPTERS],
}

/** Where modules of the application are imported, by the names that it gives. */
const OF_THE_APPLICATION = [
  'packages/config/src/checking/load-plugin.ts',
  'packages/config/src/reading/config-module.ts',
  'packages/config/src/stores/adapter.ts',
]

/** A published package as the rules see it: its manifest and the imports of its `src`. */
export interface PackageSource {
  readonly directory: string
  readonly manifest: Manifest
  readonly imports: readonly SourceImport[]
}

/** Every way in which a package breaks the dependency rules, a sentence each. */
export function dependencyProblems({ directory, manifest, imports }: PackageSource): string[] {
  const { name } = manifest
  const needed = Object.keys({
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
  })
  const optional = needed.filter(dependency => manifest.peerDependenciesMeta?.[dependency]?.optional === true)
  const relative = imports.filter(({ specifier }) => specifier.startsWith('.'))
  const builtin = imports.filter(({ specifier }) => isBuiltin(specifier))
  const foreign = imports.filter(
    ({ file, specifier }) => specifier === COMPUTED && OF_THE_APPLICATION.includes(file),
  )
  const bare = imports.filter(one => ![...relative, ...builtin, ...foreign].includes(one))
  const imported = [...new Set(bare.map(({ specifier }) => packageOf(specifier)))]
  const allowed = MAY_NEED[name]
  return [
    ...(allowed === undefined
      ? [`${name} has no line in dependency-rules.ts that says what it may need`]
      : []),
    ...needed
      .filter(one => (one.startsWith('@lookaside/') ? allowed?.includes(one) === false : name === CORE))
      .map(one => `${name} must not need ${one}`),
    ...needed
      .filter(one => !imported.includes(one) && !one.startsWith('@types/'))
      .map(one => `${name} declares ${one} and never imports it`),
    ...imported
      .filter(one => !needed.includes(one))
      .map(one => `${name} imports ${one} and does not declare it`),
    ...(name === '@lookaside/config' ? ADAPTERS : [])
      .filter(one => needed.includes(one) && !optional.includes(one))
      .map(one => `${name} must have ${one} as an optional peer`),
    ...bare
      .filter(one => one.kind === 'static' && optional.includes(packageOf(one.specifier)))
      .map(({ file, specifier }) => `${file} must load the optional ${specifier} with import()`),
    ...builtin
      .filter(({ specifier }) => !specifier.startsWith('node:'))
      .map(({ file, specifier }) => `${file} must import node:${specifier} under that name`),
    ...relative
      .filter(({ file, specifier }) => !join(dirname(file), specifier).startsWith(join(directory, 'src/')))
      .map(({ file, specifier }) => `${file} reaches out of its package: ${specifier}`),
  ]
}
