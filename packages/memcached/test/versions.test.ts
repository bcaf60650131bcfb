import type { RemoteStore } from '@lookaside/core'
import { isCacheError } from '@lookaside/core'
import { expect, inject, onTestFinished, test } from 'vitest'
import { type Server, startMemcached } from '../../../tests/servers/index.js'
import { openServer, openStore } from './opened.js'
import { hit, reply } from './scripted-server.js'

const LONG = 60_000
const bytes = (text: string) => Buffer.from(text)
const textAt = async (store: RemoteStore, key: string) => {
  const stored = await store.get(key)
  return stored && Buffer.from(stored.bytes).toString()
}

async function openMemcached(...extra: string[]): Promise<Server> {
  const server = await startMemcached(...extra)
  onTestFinished(() => server.stop())
  return server
}

test('a version that was read before the server restarted matches nothing, though its id is in use again', async () => {
  const server = await openMemcached()
  const store = openStore({ servers: [server.address] })
  const added = await store.add('key', bytes('before'), LONG)
  await server.restart()
  expect(await store.get('key')).toBeUndefined()
  const again = await store.add('key', bytes('after'), LONG)
  expect({ high: Reflect.get(again ?? {}, 'high'), low: Reflect.get(again ?? {}, 'low') }).toEqual({
    high: Reflect.get(added ?? {}, 'high'),
    low: Reflect.get(added ?? {}, 'low'),
  })
  expect(await store.replace('key', bytes('lost'), LONG, added ?? {})).toBeUndefined()
  expect(await store.delete('key', added ?? {})).toBe(false)
  expect(await textAt(store, 'key')).toBe('after')
  expect(await store.replace('key', bytes('won'), LONG, again ?? {})).toBeDefined()
})

test('a version outlives its connection in no request', async () => {
  const server = await openServer((request, socket, connection) => {
    if (request.key === 'leave') socket.end()
    else socket.write(hit(request, `connection ${connection}`, { cas: 5n }))
  })
  const store = openStore({ servers: [server.address] })
  const version = (await store.get('key'))?.version ?? {}
  await expect(store.get('leave')).rejects.toThrow('closed the connection')
  expect(await store.replace('key', bytes('lost'), LONG, version)).toBeUndefined()
  expect(await store.delete('key', version)).toBe(false)
  expect(await textAt(store, 'key')).toBe('connection 1')
  expect(await store.replace('key', bytes('lost'), LONG, version)).toBeUndefined()
  expect(await store.delete('key', version)).toBe(false)
  expect(server.requests.map(({ cas }) => cas)).toEqual([0n, 0n, 0n])
})

test("another connection's version matches nothing", async () => {
  const servers = inject('memcachedServers').split(',')
  const [mine, yours] = [openStore({ servers }), openStore({ servers })]
  await mine.set('versions:foreign', bytes('value'), LONG)
  const version = (await yours.get('versions:foreign'))?.version ?? {}
  await mine.get('versions:foreign')
  expect(await mine.replace('versions:foreign', bytes('lost'), LONG, version)).toBeUndefined()
  expect(await mine.delete('versions:foreign', version)).toBe(false)
  expect(await mine.replace('versions:foreign', bytes('lost'), LONG, {})).toBeUndefined()
  expect(await mine.delete('versions:foreign', {})).toBe(false)
  expect(await yours.delete('versions:foreign', version)).toBe(true)
})

test('every 64 bits of an id count', async () => {
  const id = 0xfedcba98_76543210n
  const server = await openServer((request, socket) => socket.write(hit(request, 'value', { cas: id })))
  const store = openStore({ servers: [server.address] })
  const version = (await store.get('key'))?.version ?? {}
  await store.replace('key', bytes('new'), LONG, version)
  await store.delete('key', version)
  expect(server.requests.slice(-2).map(({ opcode, cas }) => [opcode, cas])).toEqual([
    [1, id],
    [4, id],
  ])
})

test('a server without CAS ids grants no claim', async () => {
  const server = await openMemcached('-C')
  const store = openStore({ servers: [server.address] })
  await expect(store.add('claim', bytes('marker'), LONG)).rejects.toMatchObject({
    code: 'ERR_CACHE_UNSUPPORTED',
    message: expect.stringContaining('without -C'),
  })
  expect(await store.get('claim')).toBeUndefined()
  await store.set('key', bytes('value'), LONG)
  expect(await store.add('key', bytes('lost'), LONG)).toBeUndefined()
  const version = (await store.get('key'))?.version ?? {}
  expect(await store.replace('key', bytes('lost'), LONG, version)).toBeUndefined()
  expect(await store.delete('key', version)).toBe(false)
  expect(await textAt(store, 'key')).toBe('value')
  expect(await store.increment('count', 2n, { initial: 1n, ttl: LONG })).toBe(3n)
  expect(await store.increment('count', 2n, { initial: 1n, ttl: LONG })).toBe(5n)
  const near = store.increment('count', 2n ** 62n, { initial: 0n, ttl: LONG })
  expect(await near.catch(error => isCacheError(error, 'ERR_CACHE_UNSUPPORTED'))).toBe(true)
  expect(await textAt(store, 'count')).toBe('5')
  expect(await store.delete('key')).toBe(true)
})

test('a compare-and-set that the server turns down leaves what is there', async () => {
  for (const status of [1, 2, 5]) {
    const server = await openServer((request, socket) => {
      if (request.opcode === 0) socket.write(hit(request, 'value', { cas: 9n }))
      else socket.write(reply(request, { status }))
    })
    const store = openStore({ servers: [server.address] })
    const version = (await store.get('key'))?.version ?? {}
    expect(await store.replace('key', bytes('new'), LONG, version)).toBeUndefined()
    expect(await store.add('key', bytes('new'), LONG)).toBeUndefined()
  }
})
