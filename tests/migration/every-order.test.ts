import { migratingStore, type RemoteStore, type Stored } from '@lookaside/core'
import { faultyStore, ManualClock, type MemoryRemoteServer, memoryRemoteServer } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { framed, KEY, wordOf } from './frames.js'
import { everyOrder, inTurns, type Turn } from './interleavings.js'

const HOUR = 3_600_000

/** What a scenario has: two servers, and as many processes as it opens. */
interface World {
  readonly clock: ManualClock
  readonly old: MemoryRemoteServer
  readonly fresh: MemoryRemoteServer
  /** A process whose calls take turns. */
  moving(): RemoteStore
  preparing(): RemoteStore
  /** One that the old store does not answer. */
  cutOff(): RemoteStore
  /** The new store as its server sees it. */
  readonly direct: RemoteStore
  /** What a process finds that begins to read now. */
  found(): Promise<string | undefined>
}

function newWorld(turn: Turn): World {
  const clock = new ManualClock()
  const [old, fresh] = [memoryRemoteServer({ clock }), memoryRemoteServer({ clock })]
  const process = (phase: 'prepare' | 'move', from = inTurns(old.store(), turn)) =>
    migratingStore({ from, to: inTurns(fresh.store(), turn), phase, clock })
  return {
    clock,
    old,
    fresh,
    moving: () => process('move'),
    preparing: () => process('prepare'),
    cutOff() {
      const unreachable = faultyStore(old.store())
      unreachable.fail()
      return process('move', unreachable)
    },
    direct: fresh.store(),
    async found() {
      const later = migratingStore({ from: old.store(), to: fresh.store(), clock })
      const stored = await later.get(KEY)
      return stored && wordOf(stored)
    },
  }
}

type Store = (world: World) => RemoteStore
const moving: Store = world => world.moving()
const preparing: Store = world => world.preparing()
const cutOff: Store = world => world.cutOff()

const DELETES: [string, Store, (store: RemoteStore) => Promise<unknown>][] = [
  ["a delete in 'move'", moving, store => store.delete(KEY)],
  ["a deleteMany in 'move'", moving, store => store.deleteMany([KEY, 'p::other'])],
  ["a clear in 'move'", moving, async store => store.clear?.('p:')],
  ["a delete in 'prepare'", preparing, store => store.delete(KEY)],
  ["a deleteMany in 'prepare'", preparing, store => store.deleteMany([KEY, 'p::other'])],
  ["a clear in 'prepare'", preparing, async store => store.clear?.('p:')],
  ['a delete that does not reach the old store', cutOff, store => store.delete(KEY)],
  ['a deleteMany that does not reach the old store', cutOff, store => store.deleteMany([KEY, 'p::other'])],
]

const READS: [string, (store: RemoteStore) => Promise<unknown>][] = [
  ['get', store => store.get(KEY)],
  ['getMany', store => store.getMany([KEY, 'p::other'])],
]

describe('In every order of their calls', () => {
  describe.each(DELETES)('%s', (_what, openStore, remove) => {
    test.each(READS)('leaves nothing to be found, whatever a %s brings over', async (_name, read) => {
      const orders = await everyOrder(async turn => {
        const world = newWorld(turn)
        await world.old.store().set(KEY, await framed('old', world.clock), HOUR)
        await Promise.all([read(world.moving()), remove(openStore(world))])
        expect(await world.found()).toBeUndefined()
      })
      expect(orders).toBeGreaterThan(10)
    })

    test('is not undone by what is evicted from the new store meanwhile', async () => {
      await everyOrder(async turn => {
        const world = newWorld(turn)
        await world.old.store().set(KEY, await framed('old', world.clock), HOUR)
        const evicted = inTurns(world.direct, turn).delete(KEY)
        await Promise.all([remove(openStore(world)), world.moving().get(KEY), evicted])
        expect(await world.found()).toBeUndefined()
      })
    })
  })

  /** A delete that the old store has not taken, and that lands there while `others` run. */
  async function landing(
    [turn, idle]: [Turn, () => Promise<void>],
    others: (world: World) => Promise<unknown>,
  ): Promise<World> {
    const world = newWorld(turn)
    await world.old.store().set(KEY, await framed('old', world.clock), HOUR)
    const late = faultyStore(inTurns(world.old.store(), turn))
    late.fail(undefined, { ops: ['delete'], times: 1 })
    const store = migratingStore({ from: late, to: inTurns(world.direct, turn), clock: world.clock })
    await store.delete(KEY)
    // Which sends it at once.
    await Promise.all([store.close(), others(world)])
    await idle()
    return world
  }

  test('a delete that lands in the old store later is not undone meanwhile', async () => {
    await everyOrder(async (...run) => {
      const world = await landing(run, ({ moving }) => moving().get(KEY))
      expect(await world.found()).toBeUndefined()
      expect(world.fresh.keys()).toEqual([])
    })
  })

  test('a delete that lands in the old store later leaves alone what keeps a newer one in mind', async () => {
    await everyOrder(async (...run) => {
      const world = await landing(run, async ({ old, clock, cutOff }) => {
        await inTurns(old.store(), run[0]).set(KEY, await framed('newer', clock), HOUR)
        await cutOff().delete(KEY)
      })
      expect(await world.found()).toBeUndefined()
    })
  })

  test.each([
    ["a set in 'move'", moving],
    ["a set in 'prepare'", preparing],
    ['a set that does not reach the old store', cutOff],
  ] as const)('%s never ends in the older value', async (_what, openStore) => {
    await everyOrder(async turn => {
      const world = newWorld(turn)
      await world.old.store().set(KEY, await framed('old', world.clock), HOUR)
      const bytes = await framed('new', world.clock)
      await Promise.all([world.moving().get(KEY), openStore(world).set(KEY, bytes, HOUR)])
      expect(await world.found()).toBe('new')
      if (openStore === preparing) return
      await world.direct.delete(KEY)
      expect(await world.found()).toBeUndefined()
    })
  })

  test('of two that read one value both find it, and it is there once more', async () => {
    await everyOrder(async turn => {
      const world = newWorld(turn)
      await world.old.store().set(KEY, await framed('old', world.clock), HOUR)
      const [first, second] = [world.moving(), world.moving()]
      const found = await Promise.all([first.getMany([KEY]), second.getMany([KEY])])
      for (const [slot] of found) expect(wordOf(slot as Stored)).toBe('old')
      expect(world.fresh.keys()).toEqual([KEY])
    })
  })

  test.each<[string, (clock: ManualClock) => Promise<Uint8Array | undefined>]>([
    ['an empty key', async () => undefined],
    ['a value in the old store', clock => framed('old', clock)],
    ['bytes in the old store that can not be brought over', async () => Buffer.from('no frame')],
  ])('a load that claimed %s before a delete is not stored', async (_what, there) => {
    await everyOrder(async turn => {
      const world = newWorld(turn)
      const bytes = await there(world.clock)
      if (bytes !== undefined) await world.old.store().set(KEY, bytes, HOUR)
      const loader = world.moving()
      const marker = await framed('marker', world.clock)
      const claim = (await loader.get(KEY))?.version ?? (await loader.add(KEY, marker, HOUR))
      const loaded = await framed('loaded', world.clock)
      const commit = claim && loader.replace(KEY, loaded, HOUR, claim)
      await Promise.all([commit, world.moving().delete(KEY)])
      expect(await world.found()).toBeUndefined()
    })
  })

  test('what was brought over is gone from both when it is deleted by its version', async () => {
    await everyOrder(async turn => {
      const world = newWorld(turn)
      await world.old.store().set(KEY, await framed('old', world.clock), HOUR)
      const store = world.moving()
      const stored = await store.get(KEY)
      const [deleted] = await Promise.all([store.delete(KEY, stored?.version), world.moving().get(KEY)])
      expect(deleted).toBe(true)
      expect(await world.found()).toBeUndefined()
    })
  })

  test.each(['a text without a frame:', '41'])(
    'what can not be brought over, %s, is replaced by compare-and-set',
    async text => {
      await everyOrder(async turn => {
        const world = newWorld(turn)
        await world.old.store().set(KEY, Buffer.from(text), HOUR)
        const append = async (digit: string) => {
          const store = world.moving()
          const stored = await store.get(KEY)
          const next = stored && Buffer.from(Buffer.from(stored.bytes).toString() + digit)
          return stored && next && store.replace(KEY, next, HOUR, stored.version)
        }
        const won = await Promise.all([append('1'), append('2')])
        const added = ['1', '2'].filter((_, index) => won[index] !== undefined)
        expect([text + added.join(''), text + added.reverse().join('')]).toContain(await world.found())
      })
    },
  )
})

describe('A bring-over without a claim', () => {
  test('is found to bring deleted values back', async () => {
    const outcomes = new Set<string | undefined>()
    await everyOrder(async turn => {
      const world = newWorld(turn)
      await world.old.store().set(KEY, await framed('old', world.clock), HOUR)
      const [from, to] = [inTurns(world.old.store(), turn), inTurns(world.direct, turn)]
      const naive = async () => {
        if ((await to.get(KEY)) !== undefined) return
        const stored = await from.get(KEY)
        if (stored !== undefined) await to.add(KEY, stored.bytes, HOUR)
      }
      await Promise.all([naive(), world.moving().delete(KEY)])
      outcomes.add(await world.found())
    })
    expect([...outcomes].sort()).toEqual(['old', undefined])
  })

  test('is found to bring them back when it claims after it has read', async () => {
    const outcomes = new Set<string | undefined>()
    await everyOrder(async turn => {
      const world = newWorld(turn)
      await world.old.store().set(KEY, await framed('old', world.clock), HOUR)
      const [from, to] = [inTurns(world.old.store(), turn), inTurns(world.direct, turn)]
      const naive = async () => {
        const stored = await from.get(KEY)
        const claim = await to.add(KEY, Buffer.from('claim'), HOUR)
        if (stored && claim) await to.replace(KEY, stored.bytes, HOUR, claim)
      }
      await Promise.all([naive(), world.moving().delete(KEY)])
      outcomes.add(await world.found())
    })
    expect(outcomes).toContain('old')
  })
})
