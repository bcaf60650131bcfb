import { createServer } from 'node:net'
import { inspect } from 'node:util'
import type { InvalidationBus } from '@lookaside/core'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort, type Server, startRedis } from '../../../tests/servers/index.js'
import { type RedisBusMode, type RedisBusOptions, redisBus } from '../src/index.js'
import { busLog, freshName, listen } from './bus-log.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action()
})

async function newServer(): Promise<{ server: Server; admin: Redis }> {
  const server = await startRedis()
  const admin = new Redis(server.port, { retryStrategy: () => 20, maxRetriesPerRequest: null })
  admin.on('error', () => {})
  cleanUp.push(
    () => server.stop(),
    () => admin.disconnect(),
  )
  return { server, admin }
}

/** The clients that the server knows, but for `admin` itself. */
async function clientsAt(admin: Redis): Promise<string[]> {
  const own = `id=${await admin.call('CLIENT', 'ID')} `
  const lines = String(await admin.call('CLIENT', 'LIST')).split('\n')
  return lines.filter(line => line !== '' && !line.startsWith(own))
}

describe.each<RedisBusMode>(['pubsub', 'tracking'])('a bus in mode %s', mode => {
  function newBus(options: string | RedisBusOptions, heartbeat = 50): InvalidationBus {
    const bus = redisBus(options, { mode, heartbeat })
    cleanUp.push(() => bus.close())
    return bus
  }

  it('connects when it is listened to, and not before', async () => {
    const { server, admin } = await newServer()
    const bus = newBus({ port: server.port })
    expect(await clientsAt(admin)).toEqual([])
    const log = busLog()
    listen(bus, freshName(), log)
    expect(log.told).toEqual([])
    await log.hears('up')
    expect(await clientsAt(admin)).not.toEqual([])
  })

  it('is down, then up again, when one of its connections is killed', async () => {
    const { server, admin } = await newServer()
    const log = busLog()
    listen(newBus({ port: server.port }), freshName(), log)
    await log.hears('up')
    // The one connection that tracks subscribes too, by which Redis counts it.
    for (const type of mode === 'tracking' ? ['pubsub'] : ['pubsub', 'normal']) {
      expect(await admin.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')).toBe(1)
      await log.hears('down', 'up')
    }
  })

  it('is down once the server hangs, and up again when it goes on', async () => {
    const { server } = await newServer()
    const log = busLog()
    listen(newBus({ port: server.port, socketTimeout: 100, connectTimeout: 100 }), freshName(), log)
    await log.hears('up')
    server.freeze()
    await log.hears('down')
    expect(log.causes[0]).toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: `Redis at 127.0.0.1:${server.port} is not connected: it did not answer within 100 ms`,
    })
    server.thaw()
    await log.hears('up')
  })

  it('is down while the server is, and up when that has been started again', async () => {
    const { server } = await newServer()
    const log = busLog()
    listen(newBus({ port: server.port }), freshName(), log)
    await log.hears('up')
    await server.kill()
    await log.hears('down')
    await expect.poll(() => String(log.causes.at(-1)), { timeout: 5_000 }).toContain('ECONNREFUSED')
    await server.restart()
    await log.hears('up')
  })

  it('is down from the start where nobody answers, and comes up by itself', async () => {
    const { server } = await newServer()
    await server.kill()
    const log = busLog()
    listen(newBus({ port: server.port }), freshName(), log)
    await log.hears('down')
    await server.restart()
    await log.hears('up')
  })

  it('gives up an attempt to connect to a server that accepts, but says nothing', async () => {
    const port = await freePort()
    const mute = createServer(socket => socket.on('error', () => {})).listen(port, '127.0.0.1')
    cleanUp.push(() => mute.close())
    const log = busLog()
    const bus = newBus({ port, connectTimeout: 50 })
    listen(bus, freshName(), log)
    await log.hears('down')
    expect(String(log.causes[0])).toContain('was not ready within 50 ms')
    await bus.close()
  })

  it('tells those who come later that it is up, and why it is down', async () => {
    const { server } = await newServer()
    const [first, second, third] = [busLog(), busLog(), busLog()]
    const bus = newBus({ port: server.port })
    const name = freshName()
    listen(bus, name, first)
    await first.hears('up')
    listen(bus, name, second)
    await second.hears('up')
    await server.kill()
    await second.hears('down')
    listen(bus, name, third)
    await third.hears('down')
    expect(third.causes[0]).toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
  })

  it('tells nothing more to those who have left, not even that it is up', async () => {
    const { server, admin } = await newServer()
    const bus = newBus({ port: server.port })
    const name = freshName()
    const [left, gone, stays] = [busLog(), busLog(), busLog()]
    const leave = listen(bus, name, left)
    listen(bus, name, gone)()
    listen(bus, name, stays)
    await left.hears('up')
    await stays.hears('up')
    leave()
    leave()
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await stays.hears('down', 'up')
    expect([...left.told, ...gone.told]).toEqual([])
  })

  it('is listened to again after everybody had left', async () => {
    const { server } = await newServer()
    const bus = newBus({ port: server.port })
    const name = freshName()
    const [first, second] = [busLog(), busLog()]
    const leave = listen(bus, name, first)
    await first.hears('up')
    leave()
    listen(bus, name, second)
    await second.hears('up')
  })

  it('tells the password to nobody', async () => {
    const { server, admin } = await newServer()
    await admin.acl('SETUSER', 'ada', 'on', '>right', '~*', '&*', '+@all')
    const log = busLog()
    const bus = newBus(`redis://ada:s3cret@${server.address}`)
    listen(bus, freshName(), log)
    await log.hears('down')
    const [cause] = log.causes
    expect(cause).toMatchObject({ message: expect.stringContaining('refused the login: WRONGPASS') })
    expect(inspect([cause, bus.name], { depth: 10, showHidden: true })).not.toContain('s3cret')
  })

  it('says what it needs where the server refuses it, and comes up once that is granted', async () => {
    const { server, admin } = await newServer()
    await admin.acl('SETUSER', 'ada', 'on', 'nopass', '~*', '+@all', '-subscribe')
    const log = busLog()
    listen(newBus(`redis://ada@${server.address}`), freshName(), log)
    await log.hears('down')
    expect(log.causes[0]).toMatchObject({
      code: 'ERR_CACHE_UNSUPPORTED',
      message: expect.stringMatching(/does not let the bus work: NOPERM.*SUBSCRIBE/),
      cause: expect.any(Error),
    })
    await admin.acl('SETUSER', 'ada', 'allchannels', '+subscribe')
    await log.hears('up')
  })

  describe('when it is closed', () => {
    const sockets = () => process.getActiveResourcesInfo().filter(name => /^TCP/.test(name)).length

    it('leaves neither a client at the server, nor a key, nor a timer', async () => {
      const { server, admin } = await newServer()
      const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
      const before = timers()
      const bus = newBus({ port: server.port })
      const log = busLog()
      listen(bus, freshName(), log)
      await log.hears('up')
      await bus.close()
      await bus.close()
      await expect.poll(() => clientsAt(admin)).toEqual([])
      expect(await admin.dbsize()).toBe(0)
      await expect.poll(timers).toBeLessThanOrEqual(before)
      expect(log.told).toEqual([])
    })

    it('stays so while the server hangs, is gone, or is only being connected to', async () => {
      const [frozen, dead, late] = [await newServer(), await newServer(), await newServer()]
      await expect
        .poll(() => [frozen, dead, late].map(({ admin }) => admin.status))
        .toEqual(Array(3).fill('ready'))
      const before = sockets()
      const buses = [frozen, dead].map(({ server }) =>
        newBus({ port: server.port, connectTimeout: '10s', socketTimeout: 100 }, 10_000),
      )
      const logs = buses.map(() => busLog())
      for (const [index, bus] of buses.entries())
        listen(bus, freshName(), logs[index] as ReturnType<typeof busLog>)
      for (const log of logs) await log.hears('up')
      frozen.server.freeze()
      await dead.server.kill()
      const connecting = newBus({ port: late.server.port })
      const log = busLog()
      listen(connecting, freshName(), log)
      for (const bus of [...buses, connecting]) await bus.close()
      for (const each of [...logs, log]) each.told.length = 0
      await dead.server.restart()
      // The connection of the dead server's admin is back by then.
      await dead.admin.ping()
      expect(await clientsAt(dead.admin)).toEqual([])
      expect(await clientsAt(late.admin)).toEqual([])
      await expect.poll(sockets).toBeLessThanOrEqual(before)
      expect([...logs, log].flatMap(each => each.told)).toEqual([])
    })

    it('refuses to be used', async () => {
      const bus = newBus({ port: 1 })
      await bus.close()
      expect(() => listen(bus, 'a', busLog())).toThrow(expect.objectContaining({ code: 'ERR_CACHE_CLOSED' }))
      if (bus.kind !== 'messages') return
      await expect(bus.publish('a', Buffer.of(1))).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    })
  })
})
