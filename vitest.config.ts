import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const packages = readdirSync(at('packages'))

/** Tests run on the sources: no build stands between an edit and its test. */
const alias = Object.fromEntries(
  packages.map(name => [`@lookaside/${name}`, at(`packages/${name}/src/index.ts`)]),
)

function project(name: string, directory: string, isolate = true) {
  return {
    extends: true as const,
    test: {
      name,
      isolate,
      include: [`${directory}/**/*.test.ts`],
      typecheck: { enabled: false },
    },
  }
}

export default defineConfig({
  resolve: { alias },
  test: {
    globalSetup: [at('tests/servers/global-setup.ts')],
    // Tests wait for servers more than they calculate: one worker would leave the machine idle.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
    allowOnly: false,
    coverage: { include: ['packages/*/src/**'] },
    projects: [
      // They leave nothing behind that others would notice, and need not import everything anew.
      ...packages.map(name => project(name, `packages/${name}/test`, false)),
      project('behaviour', 'tests'),
      project('examples', 'examples/*/test'),
    ],
  },
})
