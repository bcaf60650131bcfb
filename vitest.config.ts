import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const packages = readdirSync(at('packages'))

/** Tests run on the sources: no build stands between an edit and its test. */
const alias = Object.fromEntries(
  packages.map(name => [`@lookaside/${name}`, at(`packages/${name}/src/index.ts`)]),
)

function project(name: string, directory: string, how: { isolate?: false; maxConcurrency?: number } = {}) {
  return {
    extends: true as const,
    test: {
      name,
      ...how,
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
    expect: { poll: { timeout: 10_000 } },
    allowOnly: false,
    coverage: { include: ['packages/*/src/**'] },
    projects: [
      // These leave nothing behind that others would notice, and need not import everything anew. What runs side by side
      // in the packages is the rules of stores, which wait for values to expire.
      ...packages.map(name => project(name, `packages/${name}/test`, { isolate: false, maxConcurrency: 12 })),
      project('behaviour', 'tests', { isolate: false }),
      // They change the environment that the examples are run in, and import little.
      project('examples', 'examples/*/test'),
    ],
  },
})
