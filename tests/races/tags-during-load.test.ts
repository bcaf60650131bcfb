import type { Cache, GetOrSetOptions, Guard, Loader } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { eventTrace } from '@lookaside/testing'
import { describe, expect, test, vi } from 'vitest'
import { type Backend, backends, newPrefix, openCache } from '../backends.js'
import { heldLoad } from './held-load.js'
import { forget } from './plain-store.js'

/** How a row gets its tag `t`. */
interface Tagging {
  readonly tagging: string
  readonly options: GetOrSetOptions<string>
  /** Whether it is known before the load only if the entry before had it. */
  readonly computed: boolean
  readonly wrap: (load: () => Promise<string>) => Loader<string>
}

const taggings: readonly Tagging[] = [
  { tagging: 'a named tag', options: { tags: ['t'] }, computed: false, wrap: load => () => load() },
  {
    tagging: 'a tag of the value',
    options: { tags: () => ['t'] },
    computed: true,
    wrap: load => () => load(),
  },
  {
    tagging: 'a tag that the loader sets',
    options: {},
    computed: true,
    wrap: load => async context => {
      const row = await load()
      context.setTags(['t'])
      return row
    },
  },
]

interface Writer {
  readonly writer: string
  invalidate(
    here: Cache,
    there: Cache,
    backend: Backend,
    tagging: Tagging,
    predicted: boolean,
  ): Promise<unknown>
}

const writers: readonly Writer[] = [
  { writer: 'this process', invalidate: here => here.deleteTags(['t']) },
  { writer: 'this process, which expires it', invalidate: here => here.expireTags(['t']) },
  { writer: 'another process', invalidate: (_, there) => there.deleteTags(['t']) },
  { writer: 'another process, which expires it', invalidate: (_, there) => there.expireTags(['t']) },
]

const program: Writer = {
  writer: 'another program, which deletes its token',
  async invalidate({ path }, _there, backend, { computed }, predicted) {
    // Whoever loads a tag that it could not know of goes by the epoch, which goes first.
    if (computed && !predicted) await forget(backend, `${path}:#epoch:`)
    await forget(backend, `${path}:#tag:t`)
  },
}

/** Refreshes whatever is fresh, and has the caller wait for it. */
const eager: Guard = {
  name: 'eager',
  joins: true,
  shouldRefresh: () => true,
  run: (flight, next) => next(flight),
}

/** What stands at the key when the load begins, and how it is begun. */
interface Situation {
  readonly situation: string
  /** Whether the entry before had the tag, so that its token is read before the load. */
  readonly predicted: boolean
  readonly guards: readonly (Guard | undefined)[]
  readonly options?: GetOrSetOptions<string>
  prepare(cache: Cache): Promise<unknown>
}

const grace = '1h'
const SOON = { interval: 2, timeout: 10_000 }
const stampede = stampedeGuard()

const situations: readonly Situation[] = [
  { situation: 'the first load', predicted: false, guards: [undefined, stampede], prepare: async () => {} },
  {
    situation: 'a load after the tag was invalidated',
    predicted: true,
    guards: [undefined, stampede],
    async prepare(cache) {
      await cache.set('row', 'first', { tags: ['t'] })
      await cache.deleteTags(['t'])
    },
  },
  {
    // With the stampede guard in the background.
    situation: 'the refresh of a stale row',
    predicted: true,
    guards: [undefined, stampede],
    async prepare(cache) {
      await cache.set('row', 'first', { tags: ['t'], grace })
      await cache.expire('row')
    },
  },
  {
    situation: 'the refresh of a stale row that had other tags',
    predicted: false,
    guards: [undefined, stampede],
    async prepare(cache) {
      await cache.set('row', 'first', { tags: ['other'], grace })
      await cache.expire('row')
    },
  },
  {
    situation: 'an early refresh',
    predicted: true,
    guards: [eager],
    prepare: cache => cache.set('row', 'first', { tags: ['t'], grace }),
  },
  {
    situation: 'a refresh by force',
    predicted: true,
    guards: [undefined, stampede],
    options: { refresh: true },
    prepare: cache => cache.set('row', 'first', { tags: ['t'], grace }),
  },
]

const called = (guard: Guard | undefined) => guard?.name ?? 'no guard'

describe.each(backends)('on $name', backend => {
  /** Two processes; a local store has two caches instead. */
  function processes(guard: Guard | undefined): [Cache, Cache] {
    const options = { prefix: newPrefix(), grace, guard } as const
    const here = backend.openStore()
    const there = backend.kind === 'local' ? here : backend.openStore()
    return [openCache(backend, { ...options, store: here }), openCache(backend, { ...options, store: there })]
  }

  const all = backend.kind === 'local' ? writers : [...writers, program]
  const cases = situations.flatMap(one =>
    one.guards.flatMap(guard =>
      taggings.flatMap(tagging =>
        all.map(writer => ({ ...one, guard, guarded: called(guard), ...tagging, ...writer })),
      ),
    ),
  )

  test.each(cases)(
    '$situation of a row with $tagging, which is overtaken by $writer, never becomes fresh ($guarded)',
    async one => {
      const { guard, options, wrap, predicted } = one
      const [here, there] = processes(guard)
      await one.prepare(here)
      const held = heldLoad<string>()
      const asking = situationOptions(one)
      const reading = here.getOrSet('row', wrap(held.load), asking)
      await held.begun
      await one.invalidate(here, there, backend, one, predicted)

      // Who asks now may wait for the claim of the load, but not be served what it brings.
      const traces = [eventTrace(here), eventTrace(there)]
      const late = [here, there].map(cache =>
        cache.getOrSet(
          'row',
          wrap(async () => 'new'),
          options,
        ),
      )
      await vi.waitFor(() => {
        // Or the other one has stored what is new by now.
        for (const trace of traces)
          expect(trace.types().some(type => type === 'miss' || type === 'hit')).toBe(true)
      }, SOON)
      held.finish('old')

      expect(['old', 'first']).toContain(await reading)
      // What was expired may be served within its grace, by guards that do.
      for (const row of await Promise.all(late)) expect(['new', ...staleRows(one)]).toContain(row)
      for (const cache of [here, there]) {
        const found = await cache.lookup('row')
        if (found.state === 'fresh') expect(found.value).toBe('new')
        expect([undefined, 'new']).toContain(await cache.get('row', namedBy(options)))
      }
      await vi.waitFor(async () => {
        expect(
          await here.getOrSet(
            'row',
            wrap(async () => 'new'),
            options,
          ),
        ).toBe('new')
        expect(await there.get('row', namedBy(options))).toBe('new')
      }, SOON)
    },
  )
})

function situationOptions({
  options,
  ...one
}: Tagging & Situation & { readonly options: GetOrSetOptions<string> }) {
  return one.situation === 'a refresh by force' ? { ...options, refresh: true } : options
}

/** The tags that a read can name. */
function namedBy({ tags }: GetOrSetOptions<string>): { readonly tags?: readonly string[] } {
  return Array.isArray(tags) ? { tags } : {}
}

/** What may stand in for a row that was expired, though it is not fresh. */
function staleRows({ writer, situation }: Writer & Situation): readonly string[] {
  if (situation.includes('other tags')) return ['first']
  return writer.includes('expires') && situation.includes('refresh') ? ['first', 'old'] : []
}
