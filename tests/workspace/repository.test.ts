import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readManifest, root, workspacePackages } from '../../scripts/workspace.mjs'
import { filesIn, readText } from './files.js'
import { manifestProblems, registryMentions, unrunTests } from './repository-rules.js'

const files = filesIn('.')
const manifest = readManifest('.')
const packages = workspacePackages()

describe('the repository', () => {
  it.each([
    'packages',
    'examples',
    'docs',
    'benchmarks',
    'pnpm-workspace.yaml',
    'package.json',
    'tsconfig.base.json',
    'turbo.json',
    'LICENSE',
    'CONTRIBUTING.md',
    'README.md',
    '.ci/run',
  ])('has %s', path => {
    expect(existsSync(join(root, path))).toBe(true)
  })

  it('is tied to no package registry', () => {
    expect(files.flatMap(file => registryMentions(file, readText(file)))).toEqual([])
  })

  it('leaves no test out', () => {
    const tests = files.filter(file => file.endsWith('.test.ts'))
    expect(tests.length).toBeGreaterThan(0)
    expect(tests.flatMap(file => unrunTests(file, readText(file)))).toEqual([])
  })

  it('pins pnpm and the oldest Node', () => {
    expect(manifest.packageManager).toMatch(/^pnpm@\d+\.\d+\.\d+$/)
    expect(manifest.engines).toEqual({ node: '>=20.19' })
    expect(readText('.npmrc')).toContain('engine-strict=true')
  })
})

describe('the packages', () => {
  it.each(packages)('$directory has a manifest like the others', ({ directory, manifest: own }) => {
    expect(manifestProblems(directory, own, manifest)).toEqual([])
  })

  it('share one version', () => {
    const versions = packages
      .filter(({ manifest: own }) => own.private !== true)
      .map(({ manifest: own }) => own.version)
    expect(new Set(versions).size).toBe(1)
  })

  it('are all compiled by the root and seen by the tests', () => {
    const compiled = packages
      .map(({ directory }) => directory)
      .filter(directory => existsSync(join(root, directory, 'tsconfig.json')))
    expect(compiled.filter(directory => directory.startsWith('packages/'))).toEqual(
      packages.map(({ directory }) => directory).filter(directory => directory.startsWith('packages/')),
    )
    expect(
      references('tsconfig.json')
        .filter(path => path !== 'tsconfig.tests.json')
        .sort(),
    ).toEqual(compiled)
    expect(references('tsconfig.tests.json').sort()).toEqual(compiled)
  })

  it.each(packages.filter(({ directory }) => directory.startsWith('packages/')))(
    '$manifest.name is compiled after the packages it needs',
    ({ directory, manifest: own }) => {
      const needed = Object.keys({ ...own.dependencies, ...own.peerDependencies })
        .filter(name => name.startsWith('@lookaside/'))
        .map(name => name.replace('@lookaside', '..'))
      expect(references(`${directory}/tsconfig.json`).sort()).toEqual(needed.sort())
    },
  )
})

function references(file: string): string[] {
  const config = JSON.parse(readText(file)) as { references?: { path: string }[] }
  return (config.references ?? []).map(({ path }) => path)
}

describe('the rules', () => {
  it('see a registry by its host, by a setting and by a tarball', () => {
    const host = `https://registry.${'example.com'}/`
    expect(registryMentions('docs/a.md', `npm install --registry ${host}`)).toHaveLength(1)
    expect(registryMentions('.npmrc', 'registry = http://10.0.0.1/')).toHaveLength(2)
    expect(registryMentions('.npmrc', '//10.0.0.1/:_authToken=x')).toHaveLength(1)
    expect(registryMentions('pnpm-lock.yaml', 'resolution:\n  tarball: file.tgz')).toHaveLength(1)
    expect(registryMentions('docs/a.md', 'a registry of cities, https://example.com')).toEqual([])
  })

  it.each(['only', 'skip', 'todo', 'skipIf', 'fails'])('see a test marked %s', mark => {
    expect(unrunTests('a.test.ts', `\n  it.${mark}('works', () => {})`)).toEqual([
      `a.test.ts:2 it.${mark}('works', () => {})`,
    ])
    expect(unrunTests('a.test.ts', `describe.each([]).${mark}`)).toEqual([])
    expect(unrunTests('a.test.ts', `describe.concurrent.${mark}('works')`)).toHaveLength(1)
  })

  it('see a test that skips itself, and none in a plain test', () => {
    const self = `context.${'skip'}()`
    expect(unrunTests('a.test.ts', self)).toHaveLength(1)
    expect(unrunTests('a.test.ts', "it('skips only what is todo', () => {})")).toEqual([])
  })

  it('see a manifest that differs', () => {
    const own = {
      name: '@lookaside/redis',
      description: 'no sentence',
      license: 'ISC',
      scripts: { postinstall: 'x' },
    }
    expect(manifestProblems('packages/lru', own, manifest)).toEqual(
      [
        'name must be @lookaside/lru',
        'type must be module',
        'description must be a sentence',
        'license must be MIT',
        'engines.node must be >=20.19',
        'sideEffects must be false',
        'publishConfig.access must be public',
        'exports must have ./package.json',
        'files must have dist',
        'no script may run at an install',
      ].map(rule => `packages/lru/package.json: ${rule}`),
    )
    expect(
      manifestProblems(
        'examples/cities',
        { name: '@lookaside/example-cities', type: 'module', description: 'A.B.' },
        manifest,
      ),
    ).toEqual(['examples/cities/package.json: packages/ is published, and nothing else is'])
  })
})
