import type { MessageBus } from '@lookaside/core'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort, type Server, startRedis } from '../../../tests/servers/index.js'
import { type RedisBusOptions, redisBus } from '../src/index.js'
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

function newBus(options: RedisBusOptions = { port: server.port }): MessageBus {
  const bus = redisBus(options, { heartbeat: 50 })
  cleanUp.push(() => bus.close())
  return bus
}

/** How often keys were written at the server, or would have been. */
async function writes(): Promise<number> {
  return Number(/cmdstat_set:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0)
}

/** A bus with one listener, which is up. */
async function opened(channel: string) {
  const bus = newBus()
  const log = busLog()
  const leave = bus.listen(channel, log)
  await log.hears('up')
  return { bus, log, leave }
}

describe('messages', () => {
  it('arrive in the order in which they were published, at the sender too', async () => {
    const channel = freshName()
    const [a, b] = [await opened(channel), await opened(channel)]
    const numbers = Array.from({ length: 500 }, (_, index) => index)
    await Promise.all(numbers.map(number => a.bus.publish(channel, Buffer.from(`${number}`))))
    const expected = numbers.map(number => `message ${number}`)
    await a.log.hears(...expected)
    await b.log.hears(...expected)
  })

  it('carry any bytes, and are those that were there when they were published', async () => {
    const channel = freshName()
    const { bus } = await opened(channel)
    const received: Uint8Array[] = []
    const log = busLog()
    bus.listen(channel, { ...log, message: bytes => void received.push(bytes) })
    await log.hears('up')
    const all = Uint8Array.from({ length: 256 }, (_, index) => index)
    const whole = Uint8Array.from([9, 9, ...all, 9])
    await bus.publish(channel, new Uint8Array())
    const published = bus.publish(channel, whole.subarray(2, 258))
    whole.fill(0)
    await published
    await expect.poll(() => received.map(bytes => [...bytes])).toEqual([[], [...all]])
  })

  it('reach those who listen to their channel, and nobody else', async () => {
    const [first, second] = [freshName(), `${freshName()}é \u{1f4e3}`]
    const { bus, log } = await opened(first)
    const [twice, other] = [busLog(), busLog()]
    bus.listen(first, twice)
    bus.listen(second, other)
    await Promise.all([twice.hears('up'), other.hears('up')])
    await bus.publish(first, Buffer.from('1'))
    await bus.publish(second, Buffer.from('2'))
    await Promise.all([log.hears('message 1'), twice.hears('message 1'), other.hears('message 2')])
  })

  it('arrive after the connection was lost and made again, on every channel', async () => {
    const [first, second] = [freshName(), freshName()]
    const { bus, log } = await opened(first)
    const other = busLog()
    bus.listen(second, other)
    await other.hears('up')
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await Promise.all([log.hears('down', 'up'), other.hears('down', 'up')])
    await bus.publish(first, Buffer.from('1'))
    await bus.publish(second, Buffer.from('2'))
    await Promise.all([log.hears('message 1'), other.hears('message 2')])
  })

  it('are no longer asked for once everybody has left, and are again when somebody comes', async () => {
    const channel = freshName()
    const { bus, leave } = await opened(channel)
    const subscribers = async () => Number((await admin.pubsub('NUMSUB', channel))[1])
    expect(await subscribers()).toBe(1)
    leave()
    await expect.poll(subscribers).toBe(0)
    const log = busLog()
    bus.listen(channel, log)()
    bus.listen(channel, log)
    await log.hears('up')
    await bus.publish(channel, Buffer.from('1'))
    await log.hears('message 1')
  })
})

describe('publish', () => {
  it('connects by itself', async () => {
    const channel = freshName()
    const { log } = await opened(channel)
    await newBus().publish(channel, Buffer.from('hello'))
    await log.hears('message hello')
  })

  it('rejects at once while there is no server, and says why', async () => {
    const port = await freePort()
    const bus = newBus({ port, connectTimeout: '1h', socketTimeout: '1h' })
    for (const attempt of [1, 2, 3]) {
      await expect(bus.publish('a', Buffer.from(`${attempt}`))).rejects.toMatchObject({
        code: 'ERR_CACHE_UNAVAILABLE',
        message: `Redis at 127.0.0.1:${port} is not connected: connect ECONNREFUSED 127.0.0.1:${port}`,
        cause: { code: 'ECONNREFUSED' },
      })
    }
  })

  it('rejects after socketTimeout when the server hangs, and then at once', async () => {
    const own = await startRedis()
    cleanUp.push(() => own.stop())
    const bus = redisBus({ port: own.port, socketTimeout: 100, connectTimeout: '1h' }, { heartbeat: '1h' })
    cleanUp.push(() => bus.close())
    await bus.publish('a', Buffer.from('1'))
    own.freeze()
    const unavailable = { code: 'ERR_CACHE_UNAVAILABLE', message: expect.stringContaining('within 100 ms') }
    await expect(bus.publish('a', Buffer.from('2'))).rejects.toMatchObject(unavailable)
    await expect(bus.publish('a', Buffer.from('3'))).rejects.toMatchObject(unavailable)
  })

  it('sends nothing later that was published while the bus was down', async () => {
    const own = await startRedis()
    cleanUp.push(() => own.stop())
    const bus = newBus({ port: own.port })
    const log = busLog()
    bus.listen('a', log)
    await log.hears('up')
    await own.kill()
    await log.hears('down')
    await expect(bus.publish('a', Buffer.from('lost'))).rejects.toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
    })
    await own.restart()
    await log.hears('up')
    await bus.publish('a', Buffer.from('sent'))
    await log.hears('message sent')
  })

  it('rejects with what it needs where the server refuses the channel', async () => {
    await admin.acl('SETUSER', 'quiet', 'on', 'nopass', '~*', 'resetchannels', '&open', '+@all')
    const bus = redisBus(`redis://quiet@${server.address}`)
    cleanUp.push(() => bus.close())
    await bus.publish('open', Buffer.from('1'))
    await expect(bus.publish('shut', Buffer.from('1'))).rejects.toMatchObject({
      code: 'ERR_CACHE_UNSUPPORTED',
      message: expect.stringMatching(/NOPERM.*PUBLISH to 'shut'/),
    })
    await bus.publish('open', Buffer.from('2'))
  })
})

describe('a flush of the server', () => {
  it.each(['FLUSHALL', 'FLUSHDB'])('is told to everybody, once, after %s', async command => {
    const channel = freshName()
    const { bus, log } = await opened(channel)
    const other = busLog()
    bus.listen(freshName(), other)
    await other.hears('up')
    await admin.call(command)
    await Promise.all([log.hears('flushed'), other.hears('flushed')])
    const before = await writes()
    await expect.poll(writes).toBeGreaterThan(before + 2)
    expect(log.told).toEqual([])
    await admin.call(command)
    await log.hears('flushed')
  })

  it('is looked for by a key below the channel that expires by itself, and goes with the bus', async () => {
    const channel = freshName()
    const { bus } = await opened(channel)
    const keys = await admin.keys(`${channel}:*`)
    expect(keys).toEqual([expect.stringMatching(/^.*:[0-9a-f]{16}$/)])
    expect(await admin.pttl(keys[0] as string)).toBeGreaterThan(60_000)
    await bus.close()
    expect(await admin.keys(`${channel}*`)).toEqual([])
  })

  it('is told, too, when it is what made room for that key', async () => {
    const own = await startRedis('--maxmemory', '100kb', '--maxmemory-policy', 'noeviction')
    cleanUp.push(() => own.stop())
    const bus = newBus({ port: own.port })
    const log = busLog()
    bus.listen('a', log)
    await log.hears('up')
    const ownAdmin = new Redis(own.port)
    cleanUp.push(() => ownAdmin.disconnect())
    await expect(ownAdmin.set('key', '1')).rejects.toThrow('OOM')
    await bus.publish('a', Buffer.from('1'))
    await log.hears('message 1')
    await ownAdmin.config('SET', 'maxmemory', '0')
    await log.hears('flushed')
  })
})
