import type { Cache, Guard, ReadOptions, StandardSchema } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Fleet, openFleet, type Process } from '../fleet.js'
import { referenceCells } from '../reference-table.js'

/** What a call finds: a process with a local tier, and how it looks at the key. */
interface Situation {
  readonly process: Process
  /** The cache or namespace that is asked. */
  readonly view: Cache
  readonly options?: ReadOptions
}

type Arrange = (fleet: Fleet) => Promise<Situation>

const schema: StandardSchema = z.string()

/** Somebody else stores `remote`, of which nobody tells this process. */
async function overwritten({ plain }: Fleet, process: Process): Promise<Situation> {
  await plain().set('k', 'remote')
  return { process, view: process.cache }
}

async function withCopy(fleet: Fleet, process: Process = fleet.lone()): Promise<Process> {
  await fleet.plain().set('k', 'local', { tags: ['t'] })
  await process.cache.get('k')
  return process
}

/** Wants what is older than 10 s refreshed. */
const refreshingOld: Guard = {
  name: 'refreshing what is old',
  run: (flight, next) => next(flight),
  shouldRefresh: ({ createdAt }, now) => now - createdAt >= 10_000,
}

const situations: Record<string, Arrange> = {
  'a fresh copy': async fleet => overwritten(fleet, await withCopy(fleet)),
  'a fresh copy, and a remote tier that does not answer': async fleet => {
    const situation = await overwritten(fleet, await withCopy(fleet))
    situation.process.store.fail()
    return situation
  },
  'a fresh copy that the guard wants refreshed, and a newer remote value': async fleet => {
    const process = await withCopy(fleet, fleet.lone({ guard: refreshingOld }))
    await fleet.clock.advance(10_000)
    return overwritten(fleet, process)
  },
  'a stale copy': async fleet => {
    const process = fleet.lone()
    await fleet.plain().set('k', 'local', { ttl: 1_000 })
    await process.cache.get('k')
    await fleet.clock.advance(1_000)
    return overwritten(fleet, process)
  },
  'a copy older than maxLocalStaleness': async fleet => {
    const process = await withCopy(fleet)
    await fleet.clock.advance(30_000)
    return overwritten(fleet, process)
  },
  'a copy with a tag that was invalidated': async fleet => {
    const process = await withCopy(fleet)
    await process.cache.deleteTags(['t'])
    return overwritten(fleet, process)
  },
  'a copy without a tag that the call names': async fleet => {
    const process = await withCopy(fleet)
    await fleet.plain().set('k', 'remote', { tags: ['other'] })
    return { process, view: process.cache, options: { tags: ['other'] } }
  },
  'a copy that was not checked by the schema of the call': async fleet => {
    const process = fleet.lone()
    const [theirs, mine] = [fleet.plain(), process.cache].map(cache => cache.namespace('n')) as [Cache, Cache]
    await theirs.set('k', 'local')
    await mine.get('k')
    await theirs.set('k', 'remote')
    return { process, view: process.cache.namespace('n', { schema }) as Cache }
  },
  'a copy of another version': async fleet => {
    const process = fleet.lone()
    await fleet.plain().namespace('n').set('k', 'local')
    await process.cache.namespace('n').get('k')
    await fleet.plain().namespace('n', { version: 1 }).set('k', 'remote')
    return { process, view: process.cache.namespace('n', { version: 1 }) }
  },
  'no copy, a fresh remote value': fleet => overwritten(fleet, fleet.lone()),
  'no copy, a stale remote value': async fleet => {
    await fleet.plain().set('k', 'remote', { ttl: 1_000, grace: '1h' })
    await fleet.clock.advance(1_000)
    const process = fleet.lone()
    return { process, view: process.cache }
  },
  'nothing in either tier': async fleet => {
    const process = fleet.lone()
    return { process, view: process.cache }
  },
  'no copy, and a remote tier that does not answer': async fleet => {
    const situation = await overwritten(fleet, fleet.lone())
    situation.process.store.fail()
    return situation
  },
  'a key whose invalidation the store has not taken yet': async fleet => {
    const situation = await overwritten(fleet, await withCopy(fleet))
    situation.process.store.fail()
    expect(await situation.process.cache.delete('k')).toBe(false)
    situation.process.store.heal()
    return situation
  },
}

/** What a call has answered; `fresh` where only that is told. */
type Answer = 'local' | 'remote' | 'loaded' | 'fresh' | 'stale' | undefined

const calls: Record<string, (situation: Situation) => Promise<Answer>> = {
  getOrSet: ({ view, options }) => view.getOrSet<Answer>('k', () => 'loaded', options),
  get: ({ view, options }) => view.get<Answer>('k', options),
  has: async ({ view, options }) => ((await view.has('k', options)) ? 'fresh' : undefined),
  lookup: async ({ view, options }) => {
    const found = await view.lookup<Answer>('k', options)
    return found.state === 'fresh' ? found.value : found.state === 'stale' ? 'stale' : undefined
  },
  getMany: async ({ view, options }) => (await view.getMany<Answer>(['k'], options)).get('k'),
  peek: async ({ view }) => view.peek<Answer>('k'),
}

/** What a call has done, in the words of the reference; anything else in words of its own. */
async function outcomeOf(call: string, situation: Situation): Promise<string> {
  const { process, view, options } = situation
  process.store.calls.length = 0
  const answer = await calls[call]?.(situation)
  const requests = process.store.calls.length
  const copy = view.peek('k')
  process.store.heal()
  const stored = await view.lookup('k', options)
  const remote = 'value' in stored ? stored.value : undefined
  switch (answer) {
    case 'local':
      if (requests === 0) return 'copy'
      break
    case 'remote':
      if (requests === 1 && copy === 'remote') return 'remote'
      break
    case 'fresh':
      if (requests === 0 && copy === 'local') return 'copy'
      if (requests === 1 && copy === 'remote') return 'remote'
      break
    case 'loaded':
      if (copy === 'loaded' && remote === 'loaded') return 'loads'
      if (copy === undefined && remote !== 'loaded') return 'loads only'
      break
    case 'stale':
      if (requests === 1 && copy === undefined) return 'stale'
      break
    case undefined:
      if (call !== 'peek' || requests === 0) return 'nothing'
  }
  return JSON.stringify({ answer, requests, copy, remote })
}

describe('Reads of tiers', () => {
  const cells = referenceCells('tiers.md', 'Reads')

  it('are told by the reference for each situation and each call', () => {
    expect([...new Set(cells.map(({ row }) => row))]).toEqual(Object.keys(situations))
    expect([...new Set(cells.map(({ column }) => column))]).toEqual(Object.keys(calls))
  })

  for (const { row, column, text } of cells) {
    it(`${row}: ${column}: ${text}`, async () => {
      const arrange = situations[row] as Arrange
      expect(await outcomeOf(column, await arrange(openFleet()))).toBe(text)
    })
  }
})
