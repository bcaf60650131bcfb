import { type Cache, createCache, writeBehind } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { stampedeGuard } from '@lookaside/stampede-guard'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { type Backend, backends, newPrefix, remoteBackends } from '../backends.js'
import { Model } from './model.js'
import { outcomeOf, programs, type Run } from './steps.js'

const RUNS = 300
const TIMEOUT = 60_000

const opened: Cache[] = []
afterAll(() => Promise.all(opened.map(cache => cache.close())))

/** A cache whose every namespace is as good as new. */
function open(backend: Backend, tiered: boolean): Cache {
  const store = backend.openStore()
  const cache = createCache({
    store: tiered && store.kind === 'remote' ? [lruStore(), store] : store,
    prefix: newPrefix(),
    grace: '1h',
    guard: stampedeGuard({ backOff: false, earlyRefresh: false, staleWhileRevalidate: false }),
    storeTimeout: '10s',
  })
  opened.push(cache)
  return cache
}

const worlds = [
  ...backends.map(backend => ({ name: backend.name, backend, tiered: false })),
  ...remoteBackends.map(backend => ({ name: `a local tier before ${backend.name}`, backend, tiered: true })),
]

test.each(worlds)(
  'Any program of calls gives the results of a plain map on $name',
  async ({ backend, tiered }) => {
    const cache = open(backend, tiered)
    let programsSoFar = 0
    await fc.assert(
      fc.asyncProperty(programs, async steps => {
        const model = new Model()
        const written = new Map<string, unknown>()
        const space = cache.namespace(`program-${programsSoFar++}`)
        const behind = writeBehind(space, {
          write: entries => {
            for (const [key, value] of entries) written.set(key, value)
          },
          delay: '1h',
          batch: 1_000,
        })
        const run: Run = { cache: space, behind, lookups: new Map() }
        for (const step of steps) {
          const expected = step.expected(model)
          expect(await outcomeOf(step, run), step[fc.toStringMethod]()).toEqual(expected)
        }
        await behind.close()
        model.flush()
        expect(written).toEqual(model.written)
      }),
      { numRuns: RUNS },
    )
  },
  TIMEOUT,
)
