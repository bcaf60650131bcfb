import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRedis } from '../../../tests/servers/index.js'
import { type Server, startServer } from '../../../tests/servers/server.js'
import { redisBus } from '../src/index.js'
import { busLog } from './bus-log.js'

const directory = mkdtempSync(join(tmpdir(), 'lookaside-sentinel-'))
let primary: Server
let replica: Server
let sentinel: Server

beforeAll(async () => {
  // To replicate is to save: not where other servers would load it from.
  const [first, second] = ['primary', 'replica'].map(name => join(directory, name)) as [string, string]
  for (const path of [first, second]) mkdirSync(path)
  primary = await startRedis('--dir', first)
  replica = await startRedis('--dir', second, '--replicaof', '127.0.0.1', `${primary.port}`)
  const config = join(directory, 'sentinel.conf')
  writeFileSync(
    config,
    [
      `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
      'sentinel down-after-milliseconds main 500',
      '',
    ].join('\n'),
  )
  sentinel = await startServer('redis-server', port => [
    ...[config, '--sentinel', '--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory],
  ])
})
afterAll(async () => {
  await Promise.all([sentinel, primary, replica].map(server => server.stop()))
  rmSync(directory, { recursive: true })
})

describe('buses behind Sentinel', () => {
  it('follow the primary when a replica takes over', async () => {
    const client = new Redis({ sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'main' })
    client.on('error', () => {})
    const messages = redisBus({ client, connectTimeout: '2s' }, { heartbeat: 100 })
    const changes = redisBus({ client, connectTimeout: '2s' }, { mode: 'tracking', heartbeat: 100 })
    const [heard, changed] = [busLog(), busLog()]
    messages.listen('news', heard)
    changes.listen('app:', changed)
    await Promise.all([heard.hears('up'), changed.hears('up')])

    const [asSentinel, promoted] = [new Redis(sentinel.port), new Redis(replica.port)]
    await expect
      .poll(() => asSentinel.call('SENTINEL', 'FAILOVER', 'main').catch(String), {
        timeout: 15_000,
        interval: 100,
      })
      .toBe('OK')
    await expect.poll(() => promoted.role().then(([role]) => role), { timeout: 15_000 }).toBe('master')
    // They may be down more than once, until Sentinel tells of the new primary.
    const port = async () =>
      ((await asSentinel.call('SENTINEL', 'get-master-addr-by-name', 'main')) as string[])[1]
    await expect.poll(port, { timeout: 15_000 }).toBe(`${replica.port}`)
    const subscribers = async () => Number((await promoted.pubsub('NUMSUB', 'news'))[1])
    await expect.poll(subscribers, { timeout: 15_000 }).toBe(1)
    await expect
      .poll(() => [heard.told.at(-1), changed.told.at(-1)], { timeout: 15_000 })
      .toEqual(['up', 'up'])
    await expect
      .poll(
        async () => {
          await messages.publish('news', Buffer.from('hello')).catch(() => {})
          await promoted.set('app:a', '1')
          return [heard.told.includes('message hello'), changed.told.includes('changed app:a')]
        },
        { timeout: 15_000 },
      )
      .toEqual([true, true])

    await Promise.all([messages.close(), changes.close()])
    for (const each of [client, asSentinel, promoted]) each.disconnect()
  }, 60_000)
})
