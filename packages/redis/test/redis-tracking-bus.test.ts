import type { ChangeBus } from '@lookaside/core'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Server, startRedis } from '../../../tests/servers/index.js'
import { redisBus } from '../src/index.js'
import { busLog, freshName } from './bus-log.js'

let server: Server
let admin: Redis
const cleanUp: (() => unknown)[] = []

beforeAll(async () => {
  server = await startRedis()
  admin = new Redis(server.port)
})
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action()
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})

function newBus(): ChangeBus {
  const bus = redisBus({ port: server.port }, { mode: 'tracking', heartbeat: 50 })
  cleanUp.push(() => bus.close())
  return bus
}

async function opened(prefix: string) {
  const bus = newBus()
  const log = busLog()
  const leave = bus.listen(prefix, log)
  await log.hears('up')
  return { bus, log, leave }
}

async function trackers(): Promise<string[]> {
  const lines = String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n')
  return lines.filter(line => line !== '')
}

describe('changes', () => {
  it('are told whoever makes them: written, deleted, expired', async () => {
    const prefix = freshName()
    const { log } = await opened(prefix)
    await admin.set(`${prefix}a`, '1')
    await log.hears(`changed ${prefix}a`)
    await admin.del(`${prefix}a`)
    await log.hears(`changed ${prefix}a`)
    await admin.set(`${prefix}é`, '1', 'PX', 20)
    await log.hears(`changed ${prefix}é`, `changed ${prefix}é`)
  })

  it('are told of keys with the prefix, in every database, and of no others', async () => {
    const prefix = freshName()
    const { log } = await opened(prefix)
    const elsewhere = new Redis(server.port, { db: 3 })
    cleanUp.push(() => elsewhere.disconnect())
    await admin.set('other', '1')
    await admin.set(prefix.slice(0, -1), '1')
    await elsewhere.set(`${prefix}b`, '1')
    await log.hears(`changed ${prefix}b`)
  })

  it('are told again after the connection was lost', async () => {
    const prefix = freshName()
    const { log } = await opened(prefix)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await log.hears('down', 'up')
    await admin.set(`${prefix}a`, '1')
    await log.hears(`changed ${prefix}a`)
  })

  it.each(['FLUSHALL', 'FLUSHDB'])('are a flush after %s', async command => {
    const { log } = await opened(freshName())
    await admin.call(command)
    await log.hears('flushed')
  })

  it('come together in one call where the server made them at once', async () => {
    const prefix = freshName()
    const { bus } = await opened(prefix)
    const log = busLog()
    const calls: (readonly string[])[] = []
    bus.listen(prefix, { ...log, changed: keys => void calls.push(keys) })
    await log.hears('up')
    await admin.mset(`${prefix}a`, '1', `${prefix}b`, '2')
    await expect.poll(() => calls.map(keys => [...keys].sort())).toEqual([[`${prefix}a`, `${prefix}b`]])
  })
})

describe('several listeners', () => {
  it('with the same and with nested prefixes share a connection, and hear each of their own keys', async () => {
    const outer = freshName()
    const inner = `${outer}inner:`
    const { bus, log } = await opened(outer)
    const [same, nested] = [busLog(), busLog()]
    bus.listen(outer, same)
    bus.listen(inner, nested)
    await Promise.all([same.hears('up'), nested.hears('up')])
    expect(await trackers()).toHaveLength(1)
    await admin.set(`${outer}a`, '1')
    await admin.set(`${inner}b`, '1')
    const all = [`changed ${outer}a`, `changed ${inner}b`]
    await Promise.all([log.hears(...all), same.hears(...all), nested.hears(`changed ${inner}b`)])
    await admin.flushall()
    await Promise.all([log.hears('flushed'), same.hears('flushed'), nested.hears('flushed')])
  })

  it('may come with a wider prefix later, the empty one too, and disturb nobody', async () => {
    const outer = freshName()
    const inner = `${outer}inner:`
    const { bus, log } = await opened(inner)
    const [wider, everything, apart] = [busLog(), busLog(), busLog()]
    const other = freshName()
    bus.listen(outer, wider)
    bus.listen(other, apart)
    await Promise.all([wider.hears('up'), apart.hears('up')])
    bus.listen('', everything)
    await everything.hears('up')
    await admin.set(`${inner}a`, '1')
    await admin.set(`${outer}b`, '1')
    await admin.set(`${other}c`, '1')
    await Promise.all([
      log.hears(`changed ${inner}a`),
      wider.hears(`changed ${inner}a`, `changed ${outer}b`),
      apart.hears(`changed ${other}c`),
      everything.hears(`changed ${inner}a`, `changed ${outer}b`, `changed ${other}c`),
    ])
  })

  it('are given a connection each where their prefixes differ, which goes with the last of them', async () => {
    const { bus, leave, log } = await opened(freshName())
    const other = busLog()
    const leaveOther = bus.listen(freshName(), other)
    await other.hears('up')
    expect(await trackers()).toHaveLength(2)
    leave()
    await expect.poll(trackers).toHaveLength(1)
    leaveOther()
    await expect.poll(trackers).toHaveLength(0)
    expect([...log.told, ...other.told]).toEqual([])
  })
})

describe('a user that may not track', () => {
  it('is told of what it takes, and of the other mode', async () => {
    await admin.acl('SETUSER', 'ada', 'on', 'nopass', '~*', '&*', '+@all', '-client|tracking')
    const bus = redisBus(`redis://ada@${server.address}`, { mode: 'tracking' })
    cleanUp.push(() => bus.close())
    const log = busLog()
    bus.listen('a', log)
    await log.hears('down')
    expect(log.causes).toEqual([
      expect.objectContaining({
        code: 'ERR_CACHE_UNSUPPORTED',
        message: expect.stringMatching(/NOPERM.*Redis 6\.0 or later.*CLIENT TRACKING.*mode 'pubsub'/),
      }),
    ])
    await admin.acl('SETUSER', 'ada', '+client|tracking')
    await log.hears('up')
  })
})
