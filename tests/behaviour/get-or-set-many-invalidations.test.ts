import type { Cache, Guard } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { type Backend, backends, newPrefix, openCache } from '../backends.js'
import { answered } from '../batches/answered.js'
import { type HeldBatch, heldBatch } from '../batches/held-batch.js'
import { cleared } from './cleared.js'

const items = ['a', 'b', 'c', 'd']
const itself = (item: string) => item
const tagsOf = (_row: string, item: string) => ['rows', `item:${item}`]

/** What a writer does, who has changed the row of `b`, while all rows are being loaded. */
interface Change {
  readonly change: string
  readonly run: (writer: Cache, clock: ManualClock) => Promise<unknown>
  /** Items whose loads it leaves alone. */
  readonly spares: readonly string[]
  /** What is fresh at `b` after it. */
  readonly leaves?: string
  /** The loads have computed tags, as the values before had: else they could not be told apart. */
  readonly tagged?: true
}

const rest = ['a', 'c', 'd']

const changes: readonly Change[] = [
  { change: 'a delete', run: writer => writer.delete('b'), spares: rest },
  { change: 'a deleteMany', run: writer => writer.deleteMany(['b', 'other']), spares: rest },
  { change: 'an expire', run: writer => writer.expire('b'), spares: rest },
  { change: 'a set', run: writer => writer.set('b', 'new'), spares: rest, leaves: 'new' },
  { change: 'a deleteTags', run: writer => writer.deleteTags(['item:b']), spares: rest, tagged: true },
  { change: 'an expireTags', run: writer => writer.expireTags(['item:b']), spares: rest, tagged: true },
  { change: 'a deleteTags of all', run: writer => writer.deleteTags(['rows']), spares: [], tagged: true },
  { change: 'a clear', run: cleared, spares: [] },
]

const guards: readonly { readonly guarded: string; readonly guard: Guard | undefined }[] = [
  { guarded: 'without a guard', guard: undefined },
  { guarded: 'with the stampede guard', guard: stampedeGuard() },
]
const writers = ['this process', 'another process'] as const

const cases = backends.flatMap(backend =>
  guards.flatMap(guard =>
    writers.flatMap(writer =>
      changes.map(change => ({ backend, name: backend.name, ...guard, writer, ...change })),
    ),
  ),
)

interface World {
  readonly here: Cache
  readonly there: Cache
  readonly clock: ManualClock
  readonly held: HeldBatch<string, string>
  readonly reading: Promise<string[]>
  ask(load: (items: readonly string[]) => string[]): Promise<string[]>
}

/** All rows are being loaded, with `b` as it was before the change. */
async function loading(backend: Backend, guard: Guard | undefined, { tagged }: Change): Promise<World> {
  const clock = new ManualClock()
  const options = { prefix: newPrefix(), clock, guard } as const
  const store = backend.openStore(clock)
  const here = openCache(backend, { ...options, store })
  const there = openCache(backend, {
    ...options,
    store: backend.kind === 'local' ? store : backend.openStore(clock),
  })
  const call = { key: itself, ...(tagged && { tags: tagsOf }) }
  if (tagged) {
    await here.getOrSetMany(items, { ...call, load: all => all.map(item => `first ${item}`) })
    await here.deleteTags(['rows'])
  }
  const held = heldBatch<string, string>()
  const reading = here.getOrSetMany(items, { ...call, load: held.load })
  await held.begun
  const ask: World['ask'] = load => here.getOrSetMany(items, { ...call, load })
  return { here, there, clock, held, reading, ask }
}

const old = items.map(item => `old ${item}`)

describe.each(cases)(
  'A load of many items on $name, $guarded, that is overtaken by $change of $writer,',
  one => {
    const { backend, guard, writer, run, spares, leaves } = one

    it('is stored for the items that this leaves alone, and for no other', async () => {
      const { here, there, clock, held, reading, ask } = await loading(backend, guard, one)
      await run(writer === 'this process' ? here : there, clock)
      held.finish(item => `old ${item}`)
      // Who was waiting before the write may get what was loaded before it.
      expect(await answered(reading, clock)).toEqual(old)

      const fresh = new Map(spares.map(item => [item, `old ${item}`]))
      if (leaves !== undefined) fresh.set('b', leaves)
      for (const cache of [here, there]) {
        expect(new Map([...(await cache.getMany<string>(items))].sort())).toEqual(new Map([...fresh].sort()))
      }
      const load = vi.fn((missing: readonly string[]) => missing.map(() => 'new'))
      expect(await answered(ask(load), clock)).toEqual(items.map(item => fresh.get(item) ?? 'new'))
      expect(load.mock.calls.flatMap(([missing]) => missing)).toEqual(items.filter(item => !fresh.has(item)))
      expect((await here.getMany(items)).size).toBe(items.length)
    })

    it('is shared for those at most by who asks after it', async () => {
      const { here, there, clock, held, reading, ask } = await loading(backend, guard, one)
      await run(writer === 'this process' ? here : there, clock)
      const load = vi.fn((missing: readonly string[]) => missing.map(() => 'new'))
      const late = ask(load)
      // Their reads show them which loads have been overtaken; those that can be claimed are loaded at once.
      await here.getMany(items)
      await clock.advance(0)
      held.finish(item => `old ${item}`)
      const rows = await answered(late, clock)
      await answered(reading, clock)

      for (const [index, item] of items.entries()) {
        expect(spares.includes(item) ? ['new', `old ${item}`] : ['new']).toContain(rows[index])
      }
      if (guard !== undefined) {
        const shared = items.filter((_, index) => rows[index] !== 'new')
        expect(shared).toEqual(spares)
        const loaded = load.mock.calls.flatMap(([missing]) => missing).sort()
        expect(loaded).toEqual(
          items.filter(item => !spares.includes(item) && !(item === 'b' && leaves !== undefined)),
        )
      }
      for (const cache of [here, there]) {
        for (const [item, row] of await cache.getMany<string>(items)) {
          expect(spares.includes(item) ? ['new', `old ${item}`] : ['new']).toContain(row)
        }
      }
    })
  },
)
