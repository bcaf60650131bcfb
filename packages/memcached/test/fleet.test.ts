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

type Address = { readonly host: string; readonly port: number }
const numbered = (count: number, address: (index: number) => Address) =>
  Array.from({ length: count }, (_, index) => address(index))

/** What libmemcached 1.1.4 answers with MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED: the position of each key's server. */
const PLACES: Record<string, [readonly Address[], Record<string, number>]> = {
  'on the default port': [
    numbered(8, index => ({ host: `10.0.1.${index + 1}`, port: 11211 })),
    { VDEAAAAA: 2, 'user:42': 4, k: 2, häßlich: 3, 'cities:name:Köln': 4, 'key-0': 2, 'key-1': 6 },
  ],
  'on several ports': [
    numbered(3, index => ({ host: `cache-${index}.example`, port: 11210 + index })),
    { VDEAAAAA: 2, 'user:42': 0, k: 1, häßlich: 2, 'cities:name:Köln': 1, 'key-0': 2, 'key-1': 1 },
  ],
  'of 25, where rounding leaves fewer points': [
    numbered(25, index => ({ host: `10.0.${index}.1`, port: 11211 + (index % 3) })),
    { VDEAAAAA: 21, häßlich: 5, 'key-59': 21, 'key-131': 9, 'key-135': 4, 'key-149': 7 },
  ],
}

test.each(Object.entries(PLACES))(
  'a fleet %s has its keys where libmemcached has them',
  (_what, [servers, places]) => {
    const ring = new MemcachedRing(servers)
    expect(Object.fromEntries(Object.keys(places).map(key => [key, ring.locate(key)]))).toEqual(places)
  },
)

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
  const server = await openServer((request, socket) => {
    if (request.opcode === 0x0d) socket.write(hit(request, request.key, { key: request.key }))
    else if (request.opcode === 0x0a) socket.write(reply(request))
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
    const left = (await store.getMany(keys)).map(textAt)
    expect(left).toEqual(expected.map(text => (text === 'error' ? 'error' : undefined)))
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
  await store.ping()
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
