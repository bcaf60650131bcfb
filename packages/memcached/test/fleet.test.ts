import type { RemoteStore } from '@lookaside/core'
import { expect, onTestFinished, test } from 'vitest'
import { freePort, type Server, startMemcached } from '../../../tests/servers/index.js'
import { MemcachedRing } from '../src/memcached-ring.js'
import { openServer, openStore } from './opened.js'
import { hit, reply } from './scripted-server.js'

const LONG = 60_000

async function fleet(size: number): Promise<Server[]> {
  const servers = await Promise.all(Array.from({ length: size }, () => startMemcached()))
  onTestFinished(async () => {
    await Promise.all(servers.map(server => server.stop()))
  })
  return servers
}

const keysNamed = (count: number) => Array.from({ length: count }, (_, index) => `key-${index}`)
const textAt = (slot: unknown) =>
  slot instanceof Error ? 'error' : slot && Buffer.from((slot as { bytes: Uint8Array }).bytes).toString()

// What libmemcached 1.1.4 answers with MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED.
const KEYS = ['VDEAAAAA', 'user:42', 'k', 'häßlich', 'cities:name:Köln', 'key-0', 'key-1', 'key-2']
const PLACES: Record<string, { servers: [string, number][]; owners: number[] }> = {
  'on the default port': {
    servers: Array.from({ length: 8 }, (_, index) => [`10.0.1.${index + 1}`, 11211]),
    owners: [2, 4, 2, 3, 4, 2, 6, 2],
  },
  'on several ports': {
    servers: Array.from({ length: 3 }, (_, index) => [`cache-${index}.example`, 11210 + index]),
    owners: [2, 0, 1, 2, 1, 2, 1, 0],
  },
  'of different names': {
    servers: [
      ['a.example', 11211],
      ['b.example', 22122],
      ['192.168.1.104', 11210],
      ['c', 1],
    ],
    owners: [2, 3, 0, 3, 3, 3, 3, 2],
  },
  'of 39, which get fewer points each': {
    servers: Array.from({ length: 39 }, (_, index) => [`10.0.${index}.1`, 11211 + (index % 3)]),
    owners: [],
  },
}

test.each(Object.entries(PLACES))('a fleet %s has its keys where libmemcached has them', (_what, { servers, owners }) => {
  const ring = new MemcachedRing(servers.map(([host, port]) => ({ host, port })))
  expect(KEYS.map(key => ring.locate(key))).toEqual(owners)
})

test('one more server takes over its share of the keys and moves no others', () => {
  const addresses = Array.from({ length: 4 }, (_, index) => ({ host: `10.0.0.${index}`, port: 11211 }))
  const [before, after] = [new MemcachedRing(addresses.slice(0, 3)), new MemcachedRing(addresses)]
  const keys = keysNamed(10_000)
  const moved = keys.filter(key => before.locate(key) !== after.locate(key))
  expect(moved.every(key => after.locate(key) === 3)).toBe(true)
  expect(moved.length / keys.length).toBeGreaterThan(0.15)
  expect(moved.length / keys.length).toBeLessThan(0.35)
})

test('the order of the servers makes no difference', async () => {
  const servers = (await fleet(3)).map(({ address }) => address)
  const [one, other] = [openStore({ servers }), openStore({ servers: servers.toReversed() })]
  const keys = keysNamed(60)
  await Promise.all(keys.map(key => one.set(key, Buffer.from(key), LONG)))
  expect((await other.getMany(keys)).map(textAt)).toEqual(keys)
})

test('reading many keeps their order and their gaps over several servers', async () => {
  const servers = (await fleet(3)).map(({ address }) => address)
  const store = openStore({ servers })
  const keys = keysNamed(300)
  const present = keys.filter((_, index) => index % 3 !== 0)
  await Promise.all(present.map(key => store.set(key, Buffer.from(key), LONG)))
  const read = (await store.getMany(keys)).map(textAt)
  expect(read).toEqual(keys.map((key, index) => (index % 3 === 0 ? undefined : key)))
  expect((await store.getMany(['key-1', 'key-0', 'key-1', 'key-0'])).map(textAt)).toEqual([
    'key-1',
    undefined,
    'key-1',
    undefined,
  ])
})

test('reading and deleting many is one write and one read per server', async () => {
  let writes = 0
  const server = await openServer((request, socket) => {
    if (request.opcode === 0x0d) socket.write(hit(request, request.key, { key: request.key }))
    else if (request.opcode === 0x0a) socket.write(reply(request))
    socket.once('data', () => writes++)
  })
  const store = openStore({ servers: [server.address] })
  const keys = keysNamed(50)
  expect((await store.getMany(keys)).map(textAt)).toEqual(keys)
  await store.deleteMany(keys)
  const opcodes = server.requests.map(request => request.opcode)
  const expected = [...keys.map(() => 0x0d), 0x0a, ...keys.map(() => 0x14), 0x0a]
  expect(opcodes).toEqual(expected)
  expect(new Set(server.requests.slice(0, 51).map(request => request.seq)).size).toBe(1)
})

test.each(['killed', 'frozen'] as const)(
  "with a %s server its keys' slots are errors and the others are answered",
  async how => {
    const servers = await fleet(3)
    const store = openStore({ servers: servers.map(({ address }) => address), timeout: 300 })
    const keys = keysNamed(60)
    await Promise.all(keys.map(key => store.set(key, Buffer.from(key), LONG)))
    const ring = new MemcachedRing(servers.map(({ port }) => ({ host: '127.0.0.1', port })))
    if (how === 'killed') await servers[1]?.kill()
    else servers[1]?.freeze()
    const expected = keys.map(key => (ring.locate(key) === 1 ? 'error' : key))
    expect(expected).toContain('error')
    expect((await store.getMany(keys)).map(textAt)).toEqual(expected)
    const own = keys[expected.indexOf('error')] as string
    await expect(store.set(own, Buffer.from('new'), LONG)).rejects.toThrow()
    await expect(store.deleteMany(keys)).rejects.toThrow()
    expect((await store.getMany(keys)).map(textAt).filter(text => text !== 'error')).toEqual(
      expected.filter(text => text === 'error').map(() => undefined).slice(0, 0).concat(
        expected.filter(text => text !== 'error').map(() => undefined),
      ),
    )
  },
)

test('no server stands in for another, so one that comes back shows nothing old', async () => {
  const servers = await fleet(2)
  const store: RemoteStore = openStore({ servers: servers.map(({ address }) => address) })
  const ring = new MemcachedRing(servers.map(({ port }) => ({ host: '127.0.0.1', port })))
  const key = keysNamed(100).find(key => ring.locate(key) === 0) as string
  await store.set(key, Buffer.from('old'), LONG)
  await servers[0]?.kill()
  await expect(store.set(key, Buffer.from('new'), LONG)).rejects.toThrow()
  await expect(store.get(key)).rejects.toThrow()
  await servers[0]?.restart()
  expect(await store.get(key)).toBeUndefined()
})

test('a server that nobody listens for is told at once', async () => {
  const port = await freePort()
  const store = openStore({ servers: [`127.0.0.1:${port}`], timeout: '15s', connectTimeout: '15s' })
  const calls = Array.from({ length: 100 }, (_, index) => store.get(`key-${index}`))
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ECONNREFUSED' } })
  }
})

test('a hit for a key that was not asked for is an error, not a value', async () => {
  const server = await openServer((request, socket) => {
    if (request.opcode === 0x0d) socket.write(hit(request, 'foreign', { key: 'other' }))
    else socket.write(reply(request))
  })
  const store = openStore({ servers: [server.address] })
  expect((await store.getMany(['a', 'b'])).map(textAt)).toEqual(['error', 'error'])
})

test('what one server answered before it died is kept', async () => {
  const server = await openServer((request, socket) => {
    if (request.key === 'a') socket.end(hit(request, 'whole', { key: 'a' }))
  })
  const store = openStore({ servers: [server.address] })
  expect((await store.getMany(['a', 'b'])).map(textAt)).toEqual(['whole', 'error'])
})
