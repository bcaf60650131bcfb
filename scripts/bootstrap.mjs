import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pnpm } from './run.mjs'
import { root, workspacePackages } from './workspace.mjs'

const STAMP = join(root, 'node_modules/.cache/lookaside/installed')

/** Installs what the lockfile says; returns at once when nothing has changed since it last did. */
export async function install() {
  const wanted = fingerprint()
  if (isInstalled(wanted)) return { ok: true, note: 'nothing new' }
  const outcome = await pnpm('install', '--frozen-lockfile')
  if (outcome.ok) {
    mkdirSync(dirname(STAMP), { recursive: true })
    writeFileSync(STAMP, wanted)
  }
  return outcome
}

/**
 * Builds the packages that turbo's filters select; all of them without one.
 *
 * @param {...string} filters
 */
export function build(...filters) {
  for (const { directory } of workspacePackages()) removeLeftOvers(directory)
  return pnpm('exec', 'turbo', 'run', 'build', ...filters.map(filter => `--filter=${filter}`))
}

/**
 * Removes what was built from sources that are gone: no build would, and it would be published.
 *
 * @param {string} directory
 */
function removeLeftOvers(directory) {
  const [src, dist] = [join(root, directory, 'src'), join(root, directory, 'dist')]
  if (!existsSync(src) || !existsSync(dist)) return
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    const [, stem] = /^(.+?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(file) ?? []
    if (stem !== undefined && !existsSync(join(src, `${stem}.ts`))) rmSync(join(dist, file))
  }
}

/** @param {string} wanted */
function isInstalled(wanted) {
  if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== wanted) return false
  return workspacePackages().every(
    ({ directory, manifest: { dependencies, devDependencies } }) =>
      (dependencies === undefined && devDependencies === undefined) ||
      existsSync(join(root, directory, 'node_modules')),
  )
}

function fingerprint() {
  const manifests = ['.', ...workspacePackages().map(({ directory }) => directory)].map(
    directory => `${directory}/package.json`,
  )
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}`)
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.npmrc', ...manifests]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)))
  }
  return hash.digest('hex')
}
