import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * A `package.json`, as far as the workspace's own tools read it.
 *
 * @typedef {object} Manifest
 * @property {string} name
 * @property {string} [version]
 * @property {boolean} [private]
 * @property {string} [description]
 * @property {string} [license]
 * @property {string} [type]
 * @property {boolean} [sideEffects]
 * @property {Record<string, string>} [engines]
 * @property {string} [packageManager]
 * @property {Record<string, string | Record<string, string>>} [exports]
 * @property {Record<string, string>} [bin]
 * @property {string[]} [files]
 * @property {{ access?: string }} [publishConfig]
 * @property {Record<string, string>} [scripts]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, { optional?: boolean }>} [peerDependenciesMeta]
 * @property {Record<string, string>} [devDependencies]
 */

/**
 * A package of the workspace; `directory` is relative to the root.
 *
 * @typedef {{ directory: string, manifest: Manifest }} WorkspacePackage
 */

/** The absolute path of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** The program behind `npm run demo`, relative to the root. */
export const DEMO = 'examples/cities/dist/demo.js'

/** The program behind `npm run bench`, relative to the root. */
export const BENCH = 'benchmarks/dist/bench/main.js'

/** The program behind `npm run example`, relative to the root. */
export const EXAMPLES = 'examples/servers/dist/main.js'

/**
 * @param {string} directory relative to the root
 * @returns {Manifest}
 */
export function readManifest(directory) {
  return JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8'))
}

/**
 * Every package that `pnpm-workspace.yaml` names, sorted by directory; the root itself is not among them.
 *
 * @returns {WorkspacePackage[]}
 */
export function workspacePackages() {
  const [, list = ''] =
    /^packages:\n((?: +- .+\n)+)/m.exec(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) ?? []
  const patterns = Array.from(list.matchAll(/- (.+)/g), match => `${match[1]}`.replaceAll(/['"]/g, ''))
  return patterns
    .flatMap(pattern => {
      if (!pattern.endsWith('/*')) return [pattern]
      const parent = pattern.slice(0, -2)
      return readdirSync(join(root, parent)).map(name => `${parent}/${name}`)
    })
    .filter(directory => existsSync(join(root, directory, 'package.json')))
    .sort()
    .map(directory => ({ directory, manifest: readManifest(directory) }))
}
