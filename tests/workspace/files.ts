import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/workspace.mjs'

/** What nobody commits; `.gitignore` says the same. */
const IGNORED = new Set(['.git', '.turbo', 'coverage', 'dist', 'node_modules'])

/** Every file below `directory`, as paths relative to the root, sorted; what nobody commits is left out. */
export function filesIn(directory: string): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true })
    .filter(({ name }) => !IGNORED.has(name))
    .flatMap(entry => {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) return filesIn(path)
      return entry.isFile() ? [path] : []
    })
    .sort()
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}
