import { remoteStoreSuite } from '@lookaside/testing'
import { Client } from 'memjs'
import { afterAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { memcachedStore } from '../src/index.js'
import { openClient, openServer } from './opened.js'
import { reply } from './scripted-server.js'

const addresses = inject('memcachedServers')
const port = Number(addresses.split(',')[0]?.split(':')[1])
const SILENT = { log() {} }
const LONG = 60_000

describe("a store on the application's client", () => {
  const client = Client.create(addresses, { timeout: 2, logger: SILENT })
  afterAll(() => client.close())
  remoteStoreSuite({ test: test.concurrent, create: () => memcachedStore({ client }) })
})

test('closing the store leaves the client open', async () => {
  const client = Client.create(addresses)
  onTestFinished(() => client.close())
  const store = memcachedStore({ client })
  await store.set('injected:key', Buffer.from('value'), LONG)
  await store.close()
  await expect(store.get('injected:key')).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
  const { value } = await client.get('injected:key')
  expect(String(value)).toBe('value')
})

test('the store and the application find the same keys on the same servers', async () => {
  const client = Client.create(addresses)
  onTestFinished(() => client.close())
  const store = memcachedStore({ client })
  const keys = Array.from({ length: 20 }, (_, index) => `injected:shared:${index}`)
  await Promise.all(keys.map(key => client.set(key, key, { expires: 60 })))
  const read = await store.getMany(keys)
  expect(read.map(slot => Buffer.from((slot as { bytes: Uint8Array }).bytes).toString())).toEqual(keys)
})

test("memjs' failover moves no key to another server", async () => {
  const client = Client.create(addresses, { failover: true, logger: SILENT })
  onTestFinished(() => client.close())
  const store = memcachedStore({ client })
  const keys = Array.from({ length: 20 }, (_, index) => `injected:failover:${index}`)
  await Promise.all(keys.map(key => store.set(key, Buffer.from(key), LONG)))
  Object.assign(client.servers[0] as object, { wakeupAt: Date.now() + 60_000 })
  expect((await store.getMany(keys)).every(slot => slot !== undefined && !(slot instanceof Error))).toBe(true)
})

test("no request is sent twice, whatever the client's retries", async () => {
  const server = await openServer((_request, socket) => socket.resetAndDestroy())
  const client = Client.create(server.address, { retries: 5, retry_delay: 0, logger: SILENT })
  onTestFinished(() => client.close())
  const store = memcachedStore({ client })
  await expect(store.set('key', Buffer.from('1'), LONG)).rejects.toThrow()
  expect(server.requests).toHaveLength(1)
})

test('the numbers of requests wrap around unsigned, in either client', async () => {
  const plain = Client.create(`127.0.0.1:${port}`)
  onTestFinished(() => plain.close())
  const ours = openClient(port)
  Object.assign(plain, { seq: 0x7ffffffd })
  ours.client.seq = 0xfffffffd
  for (const store of [memcachedStore({ client: plain }), ours.store]) {
    for (let round = 0; round < 6; round++) {
      await store.set('injected:seq', Buffer.from(`${round}`), LONG)
      expect(`${Buffer.from((await store.get('injected:seq'))?.bytes ?? [])}`).toBe(`${round}`)
    }
  }
  expect(plain.seq).toBeLessThan(0)
  expect(ours.client.seq).toBe(9)
})

test("memjs' own methods work over our servers", async () => {
  const { client } = openClient(port)
  client.seq = 0x7ffffffe
  await client.set('injected:own', 'value', { expires: 60 })
  expect(String((await client.get('injected:own')).value)).toBe('value')
  expect(await client.delete('injected:own')).toBe(true)
  const stats = await new Promise<Record<string, string> | null>((resolve, reject) => {
    client.stats((error, _server, stats) => (error ? reject(error) : resolve(stats)))
  })
  expect(stats).toMatchObject({ pid: expect.any(String), curr_items: expect.any(String) })
})

test('a client of ours that was closed opens no connection again', async () => {
  const server = await openServer((request, socket) => socket.write(reply(request, { status: 1 })))
  const { store, client } = openClient(server.port)
  await store.get('key')
  client.close()
  await expect(store.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
  await expect(client.get('key')).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
  expect(server.opened).toBe(1)
})

test('an error that memjs gives as a string becomes an Error', async () => {
  const server = await openServer((request, socket) => socket.write(reply(request, { status: 0x20 })))
  const client = Client.create(server.address, { username: 'user', password: 'wrong', logger: SILENT })
  onTestFinished(() => client.close())
  const failure = await memcachedStore({ client })
    .get('key')
    .catch(error => error)
  expect(failure).toBeInstanceOf(Error)
})
