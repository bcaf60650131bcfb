import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { type RedisBusMode, redisBus } from '../src/index.js'
import { busLog, freshName, listen } from './bus-log.js'
import { sharedServer } from './shared-server.js'

const { url, plain, prefix } = sharedServer()
const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action()
})

const clients: [string, () => Redis][] = [
  ['with default settings', () => new Redis(url)],
  ['that connects lazily', () => new Redis(url, { lazyConnect: true })],
  ['that pipelines automatically', () => new Redis(url, { enableAutoPipelining: true })],
  ['over RESP2', () => new Redis(url, { protocol: 2 })],
  ['with RESP3 replies', () => new Redis(url, { replyMapping: 'resp3' })],
  ['that reads numbers as strings', () => new Redis(url, { stringNumbers: true })],
  ['with a key prefix', () => new Redis(url, { keyPrefix: prefix })],
  [
    'with timeouts and a name',
    () => new Redis(url, { lazyConnect: true, commandTimeout: 1, connectionName: 'app' }),
  ],
]

describe.each<RedisBusMode>(['pubsub', 'tracking'])('a bus in mode %s', mode => {
  it.each(clients)('works on a client %s, and leaves that open', async (_kind, newClient) => {
    const client = newClient()
    cleanUp.push(() => client.disconnect())
    const before = client.status
    const bus = redisBus({ client }, { mode, heartbeat: 20 })
    cleanUp.push(() => bus.close())
    const log = busLog()
    const name = `${prefix}${freshName()}`
    listen(bus, name, log)
    await log.hears('up')
    if (bus.kind === 'messages') {
      await bus.publish(name, Buffer.from('1'))
      await log.hears('message 1')
    } else {
      await plain.set(`${client.options.keyPrefix ?? ''}${name}a`, '1')
      await log.hears(`changed ${name}a`)
    }
    // It is sent nothing, not even to connect.
    if (before === 'wait') expect(client.status).toBe('wait')
    await bus.close()
    expect(client.status).not.toBe('end')
    expect(client.listenerCount('error')).toBe(0)
    client.options.commandTimeout = 5_000
    expect(await client.ping()).toBe('PONG')
    expect(log.told).toEqual([])
  })
})

describe('a key prefix of the client', () => {
  it('keeps the channels of two tenants apart, and names the key that shows a flush', async () => {
    const tenants = ['a:', 'b:'].map(keyPrefix => new Redis(url, { keyPrefix: `${prefix}${keyPrefix}` }))
    const buses = tenants.map(client => redisBus({ client }))
    cleanUp.push(...tenants.map(client => () => client.disconnect()), ...buses.map(bus => () => bus.close()))
    const [a, b] = [busLog(), busLog()]
    buses[0]?.listen('news', a)
    buses[1]?.listen('news', b)
    await Promise.all([a.hears('up'), b.hears('up')])
    await buses[0]?.publish('news', Buffer.from('of a'))
    await buses[1]?.publish('news', Buffer.from('of b'))
    await Promise.all([a.hears('message of a'), b.hears('message of b')])
    expect(await plain.keys(`${prefix}a:news:*`)).toHaveLength(1)
  })
})
