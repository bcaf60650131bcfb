import type { RedisBusMode } from '@lookaside/redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startRedis } from '../servers/index.js'
import { type Fleet, openFleet } from './fleet.js'
import type { Member } from './member.js'
import { from, served } from './phases.js'

const MODES: readonly RedisBusMode[] = ['pubsub', 'tracking']
const TIMEOUT = 60_000

describe.each(MODES)('when Redis is flushed, mode %s,', mode => {
  let server: Server
  let plain: Redis
  let fleet: Fleet
  let heedful: Member[]
  let hopeful: Member
  beforeAll(async () => {
    server = await startRedis()
    plain = new Redis(server.port)
    const url = `redis://${server.address}`
    fleet = openFleet({ mode, store: url, bus: url })
    heedful = await Promise.all([fleet.start(), fleet.start()])
    hopeful = await fleet.start({ naive: 'hopeful' })
  }, TIMEOUT)
  afterAll(async () => {
    await fleet?.stop()
    plain?.disconnect()
    await server?.stop()
  })

  test.each(['flushall', 'flushdb'] as const)(
    'by %s, local tiers are dropped; one that does not hear of it goes on serving the old value',
    async command => {
      const all = [...heedful, hopeful]
      const place = await fleet.place(['t'])
      await fleet.holdAll(all, place)
      const since = await Promise.all(all.map(member => member.mark('holds')))
      for (const member of all) await member.watch(place, { fresh: 2, sign: '' })
      await fleet.write(place, 2)
      await plain[command]()
      await Promise.all(all.map((member, index) => member.sees('flushed', since[index])))
      await Promise.all(heedful.map((member, index) => member.sees('new', since[index])))
      await fleet.settle(all)
      const reports = await Promise.all(all.map(member => member.stop()))

      for (const safe of reports.slice(0, -1)) {
        expect(served(from(safe, 'start')).local, 'hits of the copy').toBeGreaterThan(0)
        expect(served(from(safe, 'drop flushed')).old, 'old once it knows').toBe(0)
        expect(served(from(safe, 'flushed')).old, 'old once it was told').toBe(0)
        expect(served(from(safe, 'new')).old, 'old after the new one').toBe(0)
      }
      expect(served(from(reports.at(-1) ?? [], 'flushed')).old, 'old where nobody drops').toBeGreaterThan(0)
      // All that is not dropped is held for the next command.
      expect(await Promise.all(heedful.map(member => member.hold(place)))).toEqual([2, 2])
    },
    TIMEOUT,
  )
})
