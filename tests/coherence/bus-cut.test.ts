import { setTimeout as sleep } from 'node:timers/promises'
import type { RedisBusMode } from '@lookaside/redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CutWorld, markAll, openCutWorld } from './cut-world.js'
import type { Member } from './member.js'
import { from, fromAll, served, until } from './phases.js'

const MODES: readonly RedisBusMode[] = ['pubsub', 'tracking']
const TIMEOUT = 60_000

/** How the bus is lost; `lift` makes a server usable again to which the bus is still refused. */
interface Cut {
  readonly what: string
  begin(world: CutWorld): unknown
  lift?(world: CutWorld): unknown
}

const CUTS: readonly Cut[] = [
  {
    what: 'connections are killed',
    begin: ({ proxy, killConnections }) => {
      proxy.refuse()
      return killConnections()
    },
  },
  {
    what: 'server hangs',
    begin: ({ proxy, server }) => {
      proxy.refuse()
      server.freeze()
    },
    lift: ({ server }) => server.thaw(),
  },
  {
    what: 'server is restarted',
    begin: ({ proxy, server }) => {
      proxy.refuse()
      return server.kill()
    },
    lift: ({ server }) => server.restart(),
  },
  { what: 'network swallows everything', begin: ({ proxy }) => proxy.swallow() },
]

describe.each(MODES)('a process whose bus is cut, mode %s,', mode => {
  let world: CutWorld
  /** One that goes by what the bus tells of itself, and one that does not hear of that: `naiveBus`. */
  let heedful: Member
  let hopeful: Member
  /** How often the hopeful one has served the old value once the bus was back, by what had happened to it. */
  const servedOld = new Map<string, number>()
  beforeAll(async () => {
    world = await openCutWorld(mode)
    heedful = await world.startBehind()
    hopeful = await world.startBehind({ naive: 'hopeful' })
  }, TIMEOUT)
  afterAll(() => world?.stop())

  test.each(CUTS.map(cut => [cut.what, cut] as const))(
    'serves nothing old once it knows or is back: its %s',
    async (_, cut) => {
      const { fleet, writer, proxy } = world
      const both = [heedful, hopeful]
      const place = await world.watched(both)
      const cutAt = await markAll(both, 'cut')
      await cut.begin(world)
      const invalidatingAt = await writer.mark('invalidating')
      await fleet.write(place, 2)
      const delivered = await writer.invalidate(place, 'delete')
      if (delivered) await markAll(both, 'invalidated')
      await Promise.all(both.map((member, index) => member.sees('down', cutAt[index])))
      await cut.lift?.(world)
      if (!delivered) {
        await writer.sees('delivered', invalidatingAt)
        await markAll(both, 'invalidated')
      }
      // Where the server tells of the writes of loads too, none may be left that would help the hopeful one.
      expect(await (mode === 'tracking' ? writer.hold(place) : writer.read(place))).toBe(2)
      expect(await heedful.read(place)).toBe(2)

      const restoredAt = await markAll(both, 'restored')
      proxy.pass()
      await Promise.all(both.map((member, index) => member.sees('up', restoredAt[index])))
      await fleet.settle([writer, ...both])
      const [safe, unsafe] = await Promise.all([heedful.stop(), hopeful.stop()])

      expect(served(until(safe, 'cut')).local, 'hits of the copy before').toBeGreaterThan(0)
      const down = from(safe, 'cut', 'down')
      expect(served(until(down, 'up')).local, 'hits of the local tier while it knows').toBe(0)
      expect(served(fromAll(from(safe, 'cut'), 'down', 'invalidated')).old, 'old once it knows').toBe(0)
      expect(served(from(safe, 'new')).old, 'old after the new one').toBe(0)
      expect(served(from(safe, 'restored', 'up')).old, 'old once it is back').toBe(0)
      expect(served(from(safe, 'restored', 'up')).fresh).toBeGreaterThan(0)
      servedOld.set(cut.what, served(from(unsafe, 'restored', 'up')).old)
    },
    TIMEOUT,
  )

  test('one that does not hear of it serves the old value after each of these', () => {
    // A server that hung may publish, once it goes on, what it was sent before it was given up.
    const late = mode === 'pubsub' ? 'server hangs' : undefined
    const certain = CUTS.map(({ what }) => what).filter(what => what !== late)
    expect(certain.filter(what => (servedOld.get(what) ?? 0) === 0)).toEqual([])
    expect(servedOld.size).toBe(CUTS.length)
  })

  test(
    'serves nothing older than maxLocalStaleness, even where it never learns of the cut',
    async () => {
      const bound = 1_500
      const bounded = await world.startBehind({ naive: 'hopeful', maxLocalStaleness: bound })
      const place = await world.watched([bounded, hopeful])
      world.proxy.swallow()
      await world.fleet.write(place, 2)
      expect(await world.writer.invalidate(place, 'delete')).toBe(true)
      const invalidatedAt = Date.now()
      await markAll([bounded, hopeful], 'invalidated')
      // Whatever was asked for before that is too old from then on.
      while (Date.now() <= invalidatedAt + bound) await sleep(10)
      await markAll([bounded, hopeful], 'too old')
      await bounded.sees('new')
      const [safe, unsafe] = await Promise.all([bounded.stop(), hopeful.stop()])
      world.proxy.pass()
      await bounded.kill()

      expect(served(from(safe, 'invalidated')).old, 'old while it may').toBeGreaterThan(0)
      expect(served(from(safe, 'too old')).old, 'old when it is too old').toBe(0)
      expect(served(from(unsafe, 'too old')).old, 'old without the bound').toBeGreaterThan(0)
    },
    TIMEOUT,
  )
})
