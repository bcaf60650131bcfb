import { createCache, type RemoteStore } from '@lookaside/core'
import { Client } from 'memjs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { freePort, type Server, startMemcached } from '../../../tests/servers/index.js'
import { memcachedStore } from '../src/index.js'
import { memcachedSettings } from '../src/memcached-options.js'
import { MemcachedRing } from '../src/memcached-ring.js'
import { openServer, openStore } from './opened.js'
import { reply } from './scripted-server.js'

const LONG = 60_000
const keysNamed = (count: number) => Array.from({ length: count }, (_, index) => `key-${index}`)

interface Pair {
  readonly addresses: readonly string[]
  readonly victim: Server
  /** Whether a key is on the server that nothing happens to. */
  isLive(key: string): boolean
}

async function startPair(): Promise<Pair> {
  const servers = await Promise.all([startMemcached(), startMemcached()])
  onTestFinished(async () => {
    await Promise.all(servers.map(server => server.stop()))
  })
  const ring = new MemcachedRing(servers.map(({ port }) => ({ host: '127.0.0.1', port })))
  return {
    addresses: servers.map(({ address }) => address),
    victim: servers[1],
    isLive: key => ring.locate(key) === 0,
  }
}

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.unreachable(),
    error => error,
  )
}

/** Two ways to lose a server, and how it comes back. */
const LOSSES: Record<string, [(server: Server) => unknown, (server: Server) => unknown]> = {
  killed: [server => server.kill(), server => server.restart()],
  frozen: [server => server.freeze(), server => server.thaw()],
}

test.each(Object.entries(LOSSES))(
  "while one of two servers is %s the other's keys work, and it is used again once it answers",
  async (_how, [lose, recover]) => {
    const { addresses, victim, isLive } = await startPair()
    const store = openStore({ servers: addresses })
    const keys = keysNamed(40)
    await Promise.all(keys.map(key => store.set(key, Buffer.from(key), LONG)))
    const dead = keys.find(key => !isLive(key)) as string
    await lose(victim)
    for (let round = 0; round < 10; round++) {
      const slots = await store.getMany(keys)
      expect(slots.map(slot => !(slot instanceof Error))).toEqual(keys.map(isLive))
      await Promise.all(keys.filter(isLive).map(key => store.set(key, Buffer.from(key), LONG)))
    }
    expect(await failureOf(store.get(dead))).toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: `memcached at ${victim.address} has stopped answering; it is probed and used again when it does`,
      cause: expect.any(Error),
    })
    await recover(victim)
    await expect
      .poll(() => store.set(dead, Buffer.from('new'), LONG).catch(() => 'down'), { timeout: 5_000 })
      .toBeUndefined()
    expect((await store.getMany(keys)).some(slot => slot instanceof Error)).toBe(false)
  },
)

test.each(Object.entries(LOSSES))(
  'a cache over two servers of which one is %s serves every value of the other, and its breaker stays closed',
  async (_how, [lose]) => {
    const { addresses, victim, isLive } = await startPair()
    const store = openStore({ servers: addresses })
    const onWire: string[] = []
    const traced: RemoteStore = {
      ...store,
      set(key, bytes, ttl) {
        onWire.push(key)
        return store.set(key, bytes, ttl)
      },
    }
    const cache = createCache({ store: traced, prefix: 'fleet', storeTimeout: '2s' })
    const keys = keysNamed(40)
    for (const key of keys) await cache.set(key, key)
    const live = keys.filter((_, index) => isLive(onWire[index] as string))
    expect(live.length).toBeGreaterThan(5)
    expect(live.length).toBeLessThan(keys.length - 5)
    const states: string[] = []
    cache.on(event => {
      if (event.type === 'breaker') states.push(event.state)
    })
    await lose(victim)
    const dead = keys.filter(key => !live.includes(key))
    for (let round = 0; round < 3; round++) {
      expect([...(await cache.getMany(keys)).keys()]).toEqual(expect.arrayContaining(live))
      // As many failures in a row as would open the breaker, one by one and all at once.
      for (const key of dead.slice(0, 8)) await cache.get(key)
      await Promise.all(dead.map(key => cache.set(key, key)))
      for (const key of live) expect(await cache.get(key)).toBe(key)
    }
    expect(states).toEqual([])
  },
)

test('a server in quarantine is not sent anything but probes', async () => {
  const [mute, live] = [
    await openServer(() => {}),
    await openServer((request, socket) => socket.write(reply(request, { status: 1 }))),
  ]
  const ring = new MemcachedRing([mute, live].map(({ port }) => ({ host: '127.0.0.1', port })))
  const store = openStore({ servers: [mute.address, live.address], timeout: 50 })
  const key = keysNamed(100).find(name => ring.locate(name) === 0) as string
  for (let round = 0; round < 2; round++) {
    expect(await failureOf(store.get(key))).toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: `memcached at ${mute.address} sent nothing for 50 ms while it owed replies`,
    })
  }
  const calls = [
    store.get(key),
    store.deleteMany([key]),
    store.increment(key, 1n, { initial: 0n, ttl: LONG }),
  ]
  for (const call of calls) expect(await failureOf(call)).toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
  expect(mute.requests.map(({ opcode }) => opcode)).toEqual([0x00, 0x00])
  await expect
    .poll(async () => {
      await failureOf(store.get(key))
      return mute.requests.map(({ opcode }) => opcode)
    })
    .toEqual([0x00, 0x00, 0x0a])
})

test('one lost connection is one failure, however many requests were on it', async () => {
  const server = await openServer((request, socket, connection) => {
    if (connection > 0) socket.write(reply(request, { status: 1 }))
    else if (server.requests.length === 20) socket.destroy()
  })
  const other = await openServer(() => {})
  const ring = new MemcachedRing([server, other].map(({ port }) => ({ host: '127.0.0.1', port })))
  const store = openStore({ servers: [server.address, other.address], timeout: '15s' })
  const keys = keysNamed(400)
    .filter(key => ring.locate(key) === 0)
    .slice(0, 20)
  const lost = await Promise.allSettled(keys.map(key => store.get(key)))
  expect(new Set(lost.map(({ status }) => status))).toEqual(new Set(['rejected']))
  expect(await store.get(keys[0] as string)).toBeUndefined()
})

test('a single server has no quarantine: each call tries again', async () => {
  const server = await openServer((_request, socket) => socket.destroy())
  const store = openStore({ servers: [server.address] })
  for (let round = 0; round < 5; round++) await failureOf(store.get('key'))
  expect(server.opened).toBe(5)
})

test('ping waits for every server or for any, and its answer ends a quarantine', async () => {
  const { addresses, victim, isLive } = await startPair()
  const store = openStore({ servers: addresses })
  await store.ping()
  const key = keysNamed(100).find(name => !isLive(name)) as string
  await victim.kill()
  for (let round = 0; round < 3; round++) await failureOf(store.get(key))
  await store.ping('any')
  for (const call of [store.ping(), store.ping('every')]) {
    const error = await failureOf(call)
    expect(error).toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    expect(String(error)).toContain(victim.address)
  }
  await victim.restart()
  await store.ping('every')
  expect(await store.get(key)).toBeUndefined()
})

test("ping('any') rejects when no server answers, and names them all", async () => {
  const servers = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`]
  const error = await failureOf(openStore({ servers }).ping('any'))
  for (const address of servers) expect(String(error)).toContain(address)
})

test("the servers of the application's own client have their quarantines too", async () => {
  const { addresses, victim } = await startPair()
  const client = Client.create(addresses.join(','), { timeout: 0.2, logger: { log: vi.fn() } })
  onTestFinished(() => client.close())
  const store = memcachedStore({ client })
  const keys = keysNamed(100)
  await victim.kill()
  for (let round = 0; round < 3; round++) await store.getMany(keys)
  const slots = await store.getMany(keys)
  const failed = slots.filter(slot => slot instanceof Error)
  expect(failed.length).toBeGreaterThan(0)
  expect(failed.length).toBeLessThan(keys.length)
  for (const error of failed) expect(error.message).toContain(`${victim.address} has stopped answering`)
})

test('each of several servers fails sooner than a cache gives up its store', () => {
  expect(memcachedSettings({ servers: ['a', 'b'] })).toMatchObject({ timeout: 120, connectTimeout: 120 })
  expect(memcachedSettings({ servers: ['a'] })).toMatchObject({ timeout: 120, connectTimeout: 500 })
})
