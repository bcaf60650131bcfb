import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { root, workspacePackages } from '../../scripts/workspace.mjs'
import { filesIn } from './files.js'
import { builtFileProblems, declarationProblems } from './published-files.js'

const published = workspacePackages().filter(({ manifest }) => manifest.private !== true)

function builtIn(directory: string): string[] {
  const dist = join(root, directory, 'dist')
  if (!existsSync(dist)) return []
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(join(root, directory).length + 1))
}

describe('what a package exports is what its sources build', () => {
  it.each(published)('$manifest.name', ({ directory, manifest }) => {
    const sources = filesIn(`${directory}/src`).map(file => file.slice(directory.length + 1))
    expect(builtFileProblems(manifest, builtIn(directory), sources)).toEqual([])
  })

  it('is a rule that sees a missing target, a missing output and a left-over', () => {
    const manifest = {
      name: '@lookaside/x',
      exports: { '.': { types: './dist/index.d.ts', default: './dist/main.js' } },
    }
    const outputs = [
      'dist/index.js',
      'dist/index.js.map',
      'dist/index.d.ts',
      'dist/old.js',
      'dist/tsconfig.tsbuildinfo',
    ]
    expect(builtFileProblems(manifest, outputs, ['src/index.ts'])).toEqual([
      'dist/main.js is exported and not built',
      'dist/index.d.ts.map is missing: run npm run build',
      'dist/old.js has no source: run npm run build',
    ])
  })
})

// The compiler takes its time where others want the machine too.
describe('the emitted declarations compile alone, with every declaration they lean on', {
  timeout: 60_000,
}, () => {
  it.each(published)('$manifest.name', ({ directory, manifest }) => {
    const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })
    expect(declarationProblems(join(root, directory, 'dist/index.d.ts'), dependencies)).toEqual([])
  })

  const scratch = mkdtempSync(join(tmpdir(), 'lookaside-declarations-'))
  afterAll(() => rmSync(scratch, { recursive: true }))

  it('is a rule that sees a type that cannot be resolved', () => {
    const file = join(scratch, 'broken.d.ts')
    writeFileSync(file, "export type { Missing } from 'not-installed'\nexport declare const x: AlsoMissing\n")
    expect(declarationProblems(file, [])).toEqual([
      expect.stringContaining("Cannot find module 'not-installed'"),
      expect.stringContaining("Cannot find name 'AlsoMissing'"),
    ])
  })

  it('is a rule that sees types which only a development dependency brings', () => {
    const types = join(scratch, 'node_modules/@types/untyped')
    mkdirSync(types, { recursive: true })
    writeFileSync(
      join(types, 'package.json'),
      '{ "name": "@types/untyped", "version": "1.0.0", "types": "index.d.ts" }',
    )
    writeFileSync(join(types, 'index.d.ts'), 'export interface Client {}\n')
    const file = join(scratch, 'borrowed.d.ts')
    writeFileSync(file, "export type { Client } from 'untyped'\n")
    expect(declarationProblems(file, ['untyped', '@types/untyped'])).toEqual([])
    expect(declarationProblems(file, ['untyped'])).toEqual([
      '@types/untyped must be among the dependencies: the declarations need it',
    ])
  })
})
