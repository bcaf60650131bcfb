import { describe, expect, it } from 'vitest'
import { workspacePackages } from '../../scripts/workspace.mjs'
import { dependencyProblems, type PackageSource } from './dependency-rules.js'
import { filesIn, readText } from './files.js'
import { COMPUTED, importsOf, packageOf } from './source-imports.js'

const published = workspacePackages().filter(({ manifest }) => manifest.private !== true)

describe('every published package needs only what stands below it, and declares what it imports', () => {
  it.each(published)('$manifest.name', ({ directory, manifest }) => {
    const imports = filesIn(`${directory}/src`).flatMap(file => importsOf(file, readText(file)))
    expect(dependencyProblems({ directory, manifest, imports })).toEqual([])
  })
})

describe('the rules', () => {
  const redis = {
    name: '@lookaside/redis',
    dependencies: { '@lookaside/core': 'workspace:^', ioredis: '^6.0.0' },
  }
  const needsBoth = "import '@lookaside/core'\nimport { Redis } from 'ioredis'\n"

  function problems(manifest: PackageSource['manifest'], text: string) {
    const directory = manifest.name.replace('@lookaside', 'packages')
    return dependencyProblems({ directory, manifest, imports: importsOf(`${directory}/src/index.ts`, text) })
  }

  it('accept a package that imports what it declares', () => {
    expect(
      problems(redis, `${needsBoth}import { join } from 'node:path'\nexport * from './store.js'\n`),
    ).toEqual([])
  })

  it('refuse an adapter that needs another adapter', () => {
    const dependencies = { ...redis.dependencies, '@lookaside/lru': 'workspace:^' }
    expect(
      problems({ ...redis, dependencies }, `${needsBoth}export type { Lru } from '@lookaside/lru'\n`),
    ).toEqual(['@lookaside/redis must not need @lookaside/lru'])
  })

  it('refuse any runtime dependency of the core', () => {
    const core = { name: '@lookaside/core', peerDependencies: { zod: '^4.0.0' } }
    expect(problems(core, "import type { z } from 'zod'\n")).toEqual(['@lookaside/core must not need zod'])
  })

  it('refuse a package that nobody has placed', () => {
    expect(problems({ name: '@lookaside/new' }, '')).toEqual([
      '@lookaside/new has no line in dependency-rules.ts that says what it may need',
    ])
  })

  it('refuse a declared dependency without an import, and an import without a declaration', () => {
    expect(problems(redis, "import '@lookaside/core'\nawait import('pg')\n")).toEqual([
      '@lookaside/redis declares ioredis and never imports it',
      '@lookaside/redis imports pg and does not declare it',
    ])
  })

  it('refuse a module that only the program knows, but where a config names it', () => {
    const text = `${needsBoth}await import(name)\n`
    expect(problems(redis, text)).toEqual(['@lookaside/redis imports (computed) and does not declare it'])
  })

  it('refuse a config that loads an adapter at once, or makes it a must', () => {
    const config = {
      name: '@lookaside/config',
      dependencies: { '@lookaside/lru': 'workspace:^' },
      peerDependencies: { '@lookaside/redis': 'workspace:^' },
      peerDependenciesMeta: { '@lookaside/redis': { optional: true } },
    }
    const text = "import '@lookaside/redis'\nawait import('@lookaside/lru')\n"
    expect(problems(config, text)).toEqual([
      '@lookaside/config must have @lookaside/lru as an optional peer',
      'packages/config/src/index.ts must load the optional @lookaside/redis with import()',
    ])
  })

  it('refuse a builtin without its prefix, and a path out of the package', () => {
    expect(problems(redis, `${needsBoth}import 'fs'\nimport '../../lru/src/store.js'\n`)).toEqual([
      'packages/redis/src/index.ts must import node:fs under that name',
      'packages/redis/src/index.ts reaches out of its package: ../../lru/src/store.js',
    ])
  })
})

describe('the reader of imports', () => {
  it('tells static, lazy and type imports apart, and sees none in comments and strings', () => {
    const text = `
      // import 'comment'
      import a, { type B } from 'static'
      import type { C } from 'type'
      export { d } from 'again'
      export type { E } from 'type-again'
      type F = import('inline').F
      const g = await import('lazy')
      const h = await import(name)
      const i = "import 'text'"
    `
    expect(importsOf('x.ts', text).map(({ kind, specifier }) => `${kind} ${specifier}`)).toEqual([
      'static static',
      'type type',
      'static again',
      'type type-again',
      'type inline',
      'lazy lazy',
      `lazy ${COMPUTED}`,
    ])
  })

  it('names the package of a path inside it', () => {
    expect(['pg', 'pg/lib', '@a/b', '@a/b/c/d'].map(packageOf)).toEqual(['pg', 'pg', '@a/b', '@a/b'])
  })
})
