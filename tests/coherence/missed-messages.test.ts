import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CutWorld, markAll, openCutWorld } from './cut-world.js'
import type { Member } from './member.js'
import { from, served, until } from './phases.js'

const TIMEOUT = 60_000

/** A bus that asks its server for no sign of life leaves it to the caches to notice. */
const timing = { heartbeat: 3_600_000, socketTimeout: 20_000, connectTimeout: 20_000 }

describe('a process that misses messages, which its bus does not notice,', () => {
  let world: CutWorld
  /** One that goes by what the caches tell each other, and one that hears only of invalidations: `naiveBus`. */
  let heedful: Member
  let hopeful: Member
  let both: readonly [Member, Member]
  beforeAll(async () => {
    world = await openCutWorld('pubsub')
    heedful = await world.startBehind({ timing })
    hopeful = await world.startBehind({ timing, naive: 'hopeful' })
    both = [heedful, hopeful]
  }, TIMEOUT)
  afterAll(() => world?.stop())

  test(
    'drops its copies when a process has died with what it had to say; one that hears no heartbeats does not',
    async () => {
      const { fleet, values } = world
      const dying = await world.fleet.start()
      const place = await world.watched(both, [dying])
      const diedAt = await markAll(both, 'mute')
      await dying.mute()
      await fleet.write(place, 2)
      const unfinished = dying.invalidate(place, 'delete').catch(() => {})
      await expect
        .poll(() => values.exists(`${fleet.prefix}:${place.namespace}::k`), { timeout: TIMEOUT })
        .toBe(0)
      await dying.kill()
      await unfinished
      await heedful.sees('drop silence', diedAt[0])
      await hopeful.mark('noticed')
      const [safe, unsafe] = await Promise.all([heedful.stop(), hopeful.stop()])

      expect(served(from(safe, 'drop silence')).old, 'old once it has noticed').toBe(0)
      expect(served(from(safe, 'drop silence')).fresh).toBeGreaterThan(0)
      expect(served(from(unsafe, 'noticed')).old, 'old where nobody notices').toBeGreaterThan(0)
    },
    TIMEOUT,
  )

  test(
    'ceases to rely on it when it brings nothing any more, until it does',
    async () => {
      const { fleet, writer, proxy } = world
      const place = await world.watched(both)
      const cutAt = await markAll(both, 'cut')
      proxy.swallowSubscribers()
      await fleet.write(place, 2)
      expect(await writer.invalidate(place, 'delete')).toBe(true)
      await heedful.sees('bus down', cutAt[0])
      expect(await heedful.read(place)).toBe(2)
      const restoredAt = await markAll(both, 'restored')
      proxy.pass()
      await heedful.sees('bus up', restoredAt[0])
      await fleet.settle([writer, ...both])
      const [safe, unsafe] = await Promise.all([heedful.stop(), hopeful.stop()])

      expect(safe.map(({ begins }) => begins)).not.toContain('down')
      expect(served(from(safe, 'cut', 'drop silence')).old, 'old once it has noticed').toBe(0)
      const down = from(safe, 'cut', 'bus down')
      expect(served(until(down, 'bus up')).local, 'hits of the local tier while it knows').toBe(0)
      expect(served(from(unsafe, 'restored')).old, 'old where nobody notices').toBeGreaterThan(0)
      expect(await hopeful.read(place)).toBe(1)
    },
    TIMEOUT,
  )

  test(
    'drops its copies when one message is lost, with the next thing that its sender says',
    async () => {
      const { fleet, writer, proxy } = world
      const place = await world.watched(both)
      const cutAt = await markAll(both, 'cut')
      proxy.swallowSubscribers()
      await fleet.write(place, 2)
      expect(await writer.invalidate(place, 'delete')).toBe(true)
      await expect.poll(() => proxy.swallowed, { timeout: TIMEOUT }).toContain(`:${place.namespace}::k`)
      proxy.pass()
      await heedful.sees('drop gap', cutAt[0])
      await fleet.settle([writer, ...both])
      const [safe, unsafe] = await Promise.all([heedful.stop(), hopeful.stop()])

      expect(safe.map(({ begins }) => begins)).not.toContain('down')
      expect(served(from(safe, 'drop gap')).old, 'old once it has noticed').toBe(0)
      expect(served(from(safe, 'drop gap')).fresh).toBeGreaterThan(0)
      expect(served(unsafe).fresh, 'new where nobody notices').toBe(0)
    },
    TIMEOUT,
  )
})
