import { checkWireKey, type RemoteStore, type StoreShards } from '@lookaside/core'
import fc from 'fast-check'
import { Client } from 'memjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Server, startMemcached } from '../../../tests/servers/index.js'
import { memcachedStore } from '../src/index.js'
import { MemcachedRing } from '../src/memcached-ring.js'
import { openStore } from './opened.js'

const LONG = 60_000
const GEN = 'app:#gen:users'

/** No connection is opened before the first request, so there is nothing to close. */
function shardsOf(store: RemoteStore): StoreShards {
  return store.shards ?? expect.unreachable('a fleet has shards')
}
const fleetShards = (servers: readonly string[]) => shardsOf(memcachedStore({ servers }))
const injectedShards = (servers: readonly string[]) =>
  shardsOf(memcachedStore({ client: Client.create(servers.join(',')) }))

function keysOf(shards: StoreShards, name: string): string[] {
  return Array.from({ length: shards.count }, (_, shard) => shards.keyOn(shard, name))
}

async function startPair(): Promise<[Server, Server]> {
  const pair = await Promise.all([startMemcached(), startMemcached()])
  onTestFinished(async () => {
    await Promise.all(pair.map(server => server.stop()))
  })
  return pair
}

const host = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map(address => `[${address}]`),
  fc.domain(),
  fc.nat({ max: 99 }).map(number => `cache-${number}`),
)
const port = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 1, max: 65_535 }).map(number => `:${number}`),
)
const address = fc.tuple(host, port).map(([host, port]) => `${host}${port}`)
const addresses = fc.uniqueArray(address, {
  minLength: 2,
  maxLength: 12,
  selector: text => text.replace(/:11211$/, ''),
})
const ascii = fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code))
const plainName = fc.string({ unit: ascii, minLength: 1, maxLength: 150 })
/** 120 code points of up to two bytes. */
const foreignName = fc.string({
  unit: fc.integer({ min: 0x80, max: 0x7ff }).map(code => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 120,
})
const name = fc.oneof(plainName, foreignName)

describe.each(Object.entries({ 'our ring': fleetShards, "memjs' own placement": injectedShards }))(
  'on %s',
  (_where, open) => {
    test("a server's key begins with the name, is legal and is kept by that server", () => {
      fc.assert(
        fc.property(addresses, name, (servers, name) => {
          const shards = open(servers)
          expect(shards.count).toBe(servers.length)
          for (const [shard, key] of keysOf(shards, name).entries()) {
            expect(key.startsWith(name)).toBe(true)
            expect(() => checkWireKey(key)).not.toThrow()
            expect(shards.of(key)).toBe(shard)
          }
        }),
      )
    })

    test('that is the first of name, name~1, name~2 … whatever was asked for before', () => {
      fc.assert(
        fc.property(addresses, name, (servers, name) => {
          const keys = keysOf(open(servers), name)
          const shards = open(servers)
          for (const shard of keys.keys()) {
            let [first, attempt] = [name, 0]
            while (shards.of(first) !== shard) first = `${name}~${++attempt}`
            expect(keys[shard]).toBe(first)
          }
          const backwards = [...keys.keys()].reverse().map(shard => shards.keyOn(shard, name))
          expect(backwards.reverse()).toEqual(keys)
        }),
      )
    })

    test('a fleet of any size up to 30 has a key for each of its servers', () => {
      for (let size = 2; size <= 30; size++) {
        const shards = open(Array.from({ length: size }, (_, index) => `10.0.0.${index}`))
        expect(keysOf(shards, GEN).map(key => shards.of(key))).toEqual([...Array(size).keys()])
      }
    })

    test('every key is of the server that it is sent to', async () => {
      const servers = await startPair()
      const list = servers.map(({ address }) => address)
      const client = Client.create(list.join(','))
      onTestFinished(() => client.close())
      const store = open === fleetShards ? openStore({ servers: list }) : memcachedStore({ client })
      const shards = shardsOf(store)
      const raw = list.map(address => Client.create(address))
      onTestFinished(() => raw.forEach(client => void client.close()))
      const keys = [...keysOf(shards, GEN), ...Array.from({ length: 20 }, (_, index) => `key-${index}`)]
      await Promise.all(keys.map(key => store.set(key, Buffer.from(`value of ${key}`), LONG)))
      for (const key of keys) {
        const held = await Promise.all(raw.map(client => client.get(key)))
        const expected = [null, null].map((_, index) => (index === shards.of(key) ? `value of ${key}` : null))
        expect(held.map(({ value }) => value && String(value))).toEqual(expected)
      }
    })
  },
)

test('the same servers in any order have the same keys', () => {
  const shuffled = addresses.chain(servers =>
    fc.tuple(
      fc.constant(servers),
      fc.shuffledSubarray(servers, { minLength: servers.length, maxLength: servers.length }),
    ),
  )
  fc.assert(
    fc.property(shuffled, name, ([servers, reordered], name) => {
      const byServer = (list: readonly string[]) => {
        const keys = keysOf(fleetShards(list), name)
        return Object.fromEntries(list.map((server, index) => [server, keys[index]]))
      }
      expect(byServer(reordered)).toEqual(byServer(servers))
    }),
  )
})

/** Servers of which a point of the ring coincides, and a key whose server that point tells. */
test.each([
  ['10.0.3.100', '10.0.4.1', 'key-1882'],
  ['10.0.4.192', '10.0.5.108', 'key-176'],
  ['10.0.2.61', '10.0.5.110', 'key-1239'],
])('where %s and %s meet on the ring it makes no difference which is listed first', (one, other, key) => {
  const ownerAmong = (hosts: readonly string[]) =>
    hosts[new MemcachedRing(hosts.map(host => ({ host, port: 11211 }))).locate(key)]
  expect(ownerAmong([one, other])).toBe(ownerAmong([other, one]))
})

test('a name is searched once per server, and again only when many others were asked for since', () => {
  const client = Client.create('10.0.0.1,10.0.0.2,10.0.0.3')
  const asked: string[] = []
  const { getServer } = client
  Object.assign(client, {
    getServer(key: string) {
      asked.push(key)
      return getServer.call(client, key)
    },
  })
  const shards = shardsOf(memcachedStore({ client }))
  const keys = keysOf(shards, GEN)
  expect(asked).toContain(GEN)
  asked.length = 0
  for (let other = 0; other < 15; other++) {
    keysOf(shards, `other-${other}`)
    expect(keysOf(shards, GEN)).toEqual(keys)
  }
  expect(asked.filter(key => key.startsWith(GEN))).toEqual([])
  for (let other = 0; other < 1_000; other++) keysOf(shards, `other-${other}`)
  expect(asked.filter(key => key.startsWith(GEN))).toEqual([])
  expect(keysOf(shards, GEN)).toEqual(keys)
  expect(asked).toContain(GEN)
})

test('a single server has no shards', () => {
  expect(memcachedStore()).not.toHaveProperty('shards')
  expect(memcachedStore({ client: Client.create('10.0.0.1') })).not.toHaveProperty('shards')
})

test('a server that dies takes only its own key with it, and keeps its place', async () => {
  const servers = await startPair()
  const store = openStore({ servers: servers.map(({ address }) => address) })
  const shards = shardsOf(store)
  const keys = keysOf(shards, GEN)
  await Promise.all(keys.map((key, shard) => store.set(key, Buffer.from(`token ${shard}`), LONG)))
  const read = async () =>
    (await store.getMany(keys)).map(slot => {
      if (slot === undefined) return 'gone'
      return slot instanceof Error ? 'error' : Buffer.from(slot.bytes).toString()
    })
  expect(await read()).toEqual(['token 0', 'token 1'])
  await servers[1].kill()
  expect(await read()).toEqual(['token 0', 'error'])
  expect(await read()).toEqual(['token 0', 'error'])
  expect(keysOf(shards, GEN)).toEqual(keys)
  expect(keysOf(shards, 'asked-for-while-it-is-down').map(key => shards.of(key))).toEqual([0, 1])
  await servers[1].restart()
  await store.ping()
  expect(await read()).toEqual(['token 0', 'gone'])
})

test("a client's failover moves no key of a server to another", () => {
  const client = Client.create('10.0.0.1,10.0.0.2', { failover: true })
  const shards = shardsOf(memcachedStore({ client }))
  const before = keysOf(shards, GEN)
  Object.assign(client.servers[0] as object, { wakeupAt: Date.now() + 60_000 })
  expect(before.map(key => shards.of(key))).toEqual([0, 1])
  expect(keysOf(shardsOf(memcachedStore({ client })), GEN)).toEqual(before)
})

test('a server on which a client places no keys has one of its own on another', () => {
  const client = Client.create('10.0.0.1,10.0.0.2:11212,10.0.0.3')
  Object.assign(client, { getServer: (key: string) => (key.startsWith('app:') ? 2 : 0) })
  const shards = shardsOf(memcachedStore({ client }))
  expect(keysOf(shards, GEN)).toEqual([`${GEN}~10.0.0.1:11211`, `${GEN}~10.0.0.2:11212`, GEN])
  expect(keysOf(shards, GEN)).toEqual([`${GEN}~10.0.0.1:11211`, `${GEN}~10.0.0.2:11212`, GEN])
})

test("31 servers, which memjs' placement tells apart badly, have a legal key each, and no two the same", () => {
  const shards = injectedShards(Array.from({ length: 31 }, (_, index) => `10.0.0.${index}`))
  const keys = keysOf(shards, GEN)
  expect(new Set(keys).size).toBe(31)
  for (const key of keys) expect(() => checkWireKey(key)).not.toThrow()
})

test.each(['', 'a b', 'k'.repeat(250), 'é'.repeat(125), 'a\ud800'])(
  'the name %j, from which no key can be made, is refused each time',
  name => {
    const shards = fleetShards(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
    for (let round = 0; round < 2; round++) {
      expect(() => keysOf(shards, name)).toThrow(expect.objectContaining({ code: 'ERR_CACHE_KEY' }))
    }
  },
)

test.each([-1, 2, 0.5, Number.NaN])('there is no shard %d of two', shard => {
  const shards = fleetShards(['10.0.0.1', '10.0.0.2'])
  expect(() => shards.keyOn(shard, GEN)).toThrow(
    expect.objectContaining({ code: 'ERR_CACHE_OPTION', message: expect.stringContaining('0 to 1') }),
  )
})
