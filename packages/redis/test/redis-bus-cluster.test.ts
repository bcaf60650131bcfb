import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort, startRedis } from '../../../tests/servers/index.js'
import { redisBus } from '../src/index.js'
import { busLog, freshName } from './bus-log.js'
import { type ClusterServers, startCluster } from './cluster-servers.js'

let servers: ClusterServers
let admins: readonly Redis[]
const cleanUp: (() => unknown)[] = []

beforeAll(async () => {
  servers = await startCluster()
  admins = servers.nodes.map(({ port }) => new Redis(port))
})
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action()
})
afterAll(async () => {
  for (const admin of admins) admin.disconnect()
  await servers.stop()
})

function newClient(options: { lazyConnect?: boolean } = {}): Cluster {
  const [node] = servers.nodes
  const client = new Cluster([{ host: '127.0.0.1', port: node?.port as number }], options)
  cleanUp.push(() => client.disconnect())
  return client
}

function newBus<Mode extends 'pubsub' | 'tracking'>(mode: Mode, client = newClient()) {
  const bus = redisBus({ client, connectTimeout: '1s' }, { mode, heartbeat: 50 })
  cleanUp.push(() => bus.close())
  return bus
}

async function subscribersOf(admin: Redis): Promise<number> {
  const list = String(await admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub'))
  return list.split('\n').filter(line => line !== '').length
}

describe('a bus on a Cluster', () => {
  it.each(['pubsub', 'tracking'] as const)(
    'is up without having been down, on a client that was just made: %s',
    async mode => {
      for (const options of [{}, { lazyConnect: true }]) {
        const bus = newBus(mode, newClient(options))
        const log = busLog()
        if (bus.kind === 'messages') bus.listen(freshName(), log)
        else bus.listen(freshName(), log)
        await log.hears('up')
      }
    },
  )

  it.each(['pubsub', 'tracking'] as const)('tells of a flush of any of the masters: %s', async mode => {
    const bus = newBus(mode)
    const log = busLog()
    if (bus.kind === 'messages') bus.listen(freshName(), log)
    else bus.listen(freshName(), log)
    await log.hears('up')
    for (const admin of admins) {
      await admin.flushall()
      await log.hears('flushed')
    }
    await bus.close()
    for (const admin of admins) expect(await admin.dbsize()).toBe(0)
  })

  it('publishes without having listened, and keeps the order', async () => {
    const channel = freshName()
    const log = busLog()
    const listener = newBus('pubsub')
    if (listener.kind === 'messages') listener.listen(channel, log)
    await log.hears('up')
    const bus = newBus('pubsub')
    const numbers = Array.from({ length: 200 }, (_, index) => index)
    if (bus.kind === 'messages') {
      await Promise.all(numbers.map(number => bus.publish(channel, Buffer.from(`${number}`))))
    }
    await log.hears(...numbers.map(number => `message ${number}`))
  })

  it('tracks each master, and is down while it does not track one of them', async () => {
    const bus = newBus('tracking')
    const log = busLog()
    if (bus.kind === 'changes') bus.listen(freshName(), log)
    await log.hears('up')
    expect(await Promise.all(admins.map(subscribersOf))).toEqual([1, 1, 1])
    for (const admin of admins) {
      await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
      await log.hears('down', 'up')
    }
    await bus.close()
    await expect.poll(async () => Promise.all(admins.map(subscribersOf))).toEqual([0, 0, 0])
  })

  it('follows when a slot moves to a new master, and when that has left again', async () => {
    const client = newClient()
    const changes = newBus('tracking', client)
    const messages = newBus('pubsub', client)
    const [log, other] = [busLog(), busLog()]
    if (changes.kind === 'changes') changes.listen('moving:', log)
    if (messages.kind === 'messages') messages.listen(freshName(), other)
    await Promise.all([log.hears('up'), other.hears('up')])

    const clusterPort = await freePort()
    const directory = mkdtempSync(join(tmpdir(), 'lookaside-node-'))
    const fourth = await startRedis(
      ...['--cluster-enabled', 'yes', '--cluster-port', `${clusterPort}`, '--dir', directory],
      // Without its last slot it stays a master.
      ...['--cluster-config-file', `nodes-${clusterPort}.conf`, '--cluster-allow-replica-migration', 'no'],
    )
    const joined = new Redis(fourth.port)
    cleanUp.push(
      () => rmSync(directory, { recursive: true }),
      () => fourth.stop(),
      () => joined.disconnect(),
    )
    const first = admins[0] as Redis
    await first.call('CLUSTER', 'MEET', '127.0.0.1', `${fourth.port}`, `${clusterPort}`)
    const nodes = [...admins, joined]
    const id = String(await joined.cluster('MYID'))
    const key = 'moving:a'
    const slot = await first.cluster('KEYSLOT', key)
    const owner = admins[Math.floor(slot / Math.ceil(16_384 / 3))] as Redis
    const ownerId = String(await owner.cluster('MYID'))
    const assign = async (from: Redis, fromId: string, to: Redis, toId: string) => {
      const others = nodes.filter(node => node !== from && node !== to)
      // To be importing it makes the claim of its new owner the newer one.
      for (const [node, ...state] of [
        [to, 'IMPORTING', fromId] as const,
        ...[to, from, ...others].map(node => [node, 'NODE', toId] as const),
      ]) {
        await expect
          .poll(() => node.call('CLUSTER', 'SETSLOT', slot, ...state).catch(String), { timeout: 10_000 })
          .toBe('OK')
      }
    }
    /** A node that has just joined takes its time until it serves, and until all agree about it. */
    const expectTold = async (node: Redis) => {
      log.told.length = 0
      await expect
        .poll(
          async () => {
            await node.set(key, '1').catch(() => {})
            return log.told.includes(`changed ${key}`)
          },
          { timeout: 10_000 },
        )
        .toBe(true)
      await node.del(key)
    }

    await assign(owner, ownerId, joined, id)
    const logs = [log, other]
    await expect
      .poll(() => logs.map(({ told }) => told.includes('down') && told.at(-1) === 'up'), { timeout: 10_000 })
      .toEqual([true, true])
    await expectTold(joined)
    await assign(joined, id, owner, ownerId)
    await expect.poll(() => subscribersOf(joined), { timeout: 10_000 }).toBe(0)
    await expectTold(owner)
  })

  it('is down while no node can be asked, and says so', async () => {
    const client = new Cluster([{ host: '127.0.0.1', port: await freePort() }])
    client.on('error', () => {})
    cleanUp.push(() => client.disconnect())
    const bus = newBus('pubsub', client)
    const log = busLog()
    if (bus.kind === 'messages') bus.listen('a', log)
    await log.hears('down')
    // ioredis may give the node up before the bus has asked it; then a Cluster without nodes is all that there is.
    expect(log.causes[0]).toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: expect.stringMatching(/ECONNREFUSED|knows of no node/),
    })
    if (bus.kind === 'messages') {
      await expect(bus.publish('a', Buffer.from('1'))).rejects.toMatchObject({
        code: 'ERR_CACHE_UNAVAILABLE',
      })
    }
  })
})
