import { expect, inject, onTestFinished, test } from 'vitest'
import { freePort, startMemcached } from '../../../tests/servers/index.js'
import { memcachedStore } from '../src/index.js'
import { openServer, openStore } from './opened.js'
import { hit, reply } from './scripted-server.js'

const servers = inject('memcachedServers').split(',')
const openSockets = () => process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length

test('ping resolves when every server answers', async () => {
  await openStore({ servers }).ping()
})

test('ping names the servers that do not answer, and why', async () => {
  const dead = `127.0.0.1:${await freePort()}`
  const frozen = await startMemcached()
  onTestFinished(() => frozen.stop())
  frozen.freeze()
  const store = openStore({ servers: [servers[0] ?? '', dead, frozen.address], timeout: 100 })
  const failure = await store.ping().catch(error => error)
  expect(failure).toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE', cause: expect.any(Error) })
  expect(failure.message).toContain(`${dead} (connect ECONNREFUSED`)
  expect(failure.message).toContain(`${frozen.address} (memcached at ${frozen.address} sent nothing`)
  expect(failure.message).not.toContain(`${servers[0]} (`)
})

test('ping has something to say of a host with several addresses too', async () => {
  const store = openStore({ servers: [`localhost:${await freePort()}`] })
  await expect(store.ping()).rejects.toThrow('ECONNREFUSED')
})

test('ping finds a server again that has come back', async () => {
  const server = await startMemcached()
  onTestFinished(() => server.stop())
  const store = openStore({ servers: [server.address] })
  await store.ping()
  await server.kill()
  await expect(store.ping()).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
  await server.restart()
  await store.ping()
})

test('closing waits for what is under way', async () => {
  let answerRead = () => {}
  const server = await openServer((request, socket) => {
    if (request.opcode === 0) answerRead = () => socket.write(hit(request, 'late'))
    else {
      answerRead()
      socket.write(reply(request))
    }
  })
  const store = memcachedStore({ servers: [server.address], timeout: '15s' })
  const read = store.get('key')
  await store.close()
  expect(`${Buffer.from((await read)?.bytes ?? [])}`).toBe('late')
  await expect.poll(() => server.open).toBe(0)
})

test('closing leaves no socket that would keep the process alive', async () => {
  const frozen = await startMemcached()
  onTestFinished(() => frozen.stop())
  await expect.poll(openSockets).toBe(0)
  const store = memcachedStore({ servers: [...servers, frozen.address], timeout: 100 })
  await store.ping()
  expect(openSockets()).toBe(servers.length + 1)
  frozen.freeze()
  await Promise.all([store.close(), store.close()])
  await store.close()
  await expect.poll(openSockets).toBe(0)
})

test('closing opens no connection, and a store that was never used closes', async () => {
  const server = await openServer(() => {})
  await memcachedStore({ servers: [server.address] }).close()
  expect(server.opened).toBe(0)
})

test('everything is refused after closing', async () => {
  const store = memcachedStore({ servers })
  await store.get('lifecycle:key')
  await store.close()
  const bytes = Buffer.from('1')
  const calls = [
    store.get('key'),
    store.getMany(['key']),
    store.getMany([]),
    store.set('key', bytes, 1_000),
    store.add('key', bytes, 1_000),
    store.replace('key', bytes, 1_000, {}),
    store.delete('key'),
    store.deleteMany(['key']),
    store.increment('key', 1n, { initial: 0n, ttl: 1_000 }),
    store.ping(),
  ]
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ reason: { code: 'ERR_CACHE_CLOSED' } })
  }
})

test('an operation of several requests does not reopen a connection that was closed meanwhile', async () => {
  const store = memcachedStore({ servers })
  await store.ping()
  const counts = Array.from({ length: 20 }, (_, index) =>
    store.increment(`lifecycle:count:${index}`, 1n, { initial: 0n, ttl: 10_000 }),
  )
  const outcomes = Promise.allSettled(counts)
  await store.close()
  for (const outcome of await outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ERR_CACHE_CLOSED' })
  }
  await expect.poll(openSockets).toBe(0)
})
