import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The absolute path of the repository. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** Every Markdown page that a reader of the documentation may open, relative to the root. */
export function documentationPages(): string[] {
  return [...pagesAt('README.md'), ...pagesAt('CONTRIBUTING.md'), ...pagesAt('docs'), ...packageReadmes()]
}

function packageReadmes(): string[] {
  return readdirSync(join(root, 'packages')).map(name => `packages/${name}/README.md`)
}

function pagesAt(path: string): string[] {
  if (path.endsWith('.md')) return [path]
  return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => relative(root, join(root, path, name)))
    .sort()
}
