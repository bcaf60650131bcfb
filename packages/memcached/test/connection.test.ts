import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startMemcached } from '../../../tests/servers/index.js'
import { openClient, openServer, openStore } from './opened.js'
import { hit, type Request, reply } from './scripted-server.js'

const PATIENT = { timeout: '15s' as const }

/** Timers and what they are compared with stand still; sockets don't. */
function useFakeTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn()
}

test('a connection that dies in the middle of a reply spoils nothing for the next', async () => {
  const server = await openServer((request, socket, connection) => {
    if (connection === 0) socket.end(hit(request, 'never complete').subarray(0, 30))
    else socket.write(hit(request, 'whole'))
  })
  const store = openStore({ servers: [server.address], ...PATIENT })
  await expect(store.get('key')).rejects.toThrow(`memcached at ${server.address} closed the connection`)
  expect(Buffer.from((await store.get('key'))?.bytes ?? []).toString()).toBe('whole')
})

test('requests that are under way when the server leaves fail at once', async () => {
  const server = await openServer((_request, socket, connection) => {
    if (connection === 0) socket.end()
  })
  const store = openStore({ servers: [server.address], ...PATIENT })
  const outcomes = await Promise.allSettled([
    store.get('a'),
    store.set('b', Buffer.from('1'), 1_000),
    store.getMany(['c']),
    store.deleteMany(['d']),
    store.increment('e', 1n, { initial: 0n, ttl: 1_000 }),
  ])
  expect(outcomes.map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
    'fulfilled',
    'rejected',
    'rejected',
  ])
  expect(outcomes[2]).toMatchObject({ value: [expect.any(Error)] })
})

test('a connection that is reset fails what is under way, and the next request opens another', async () => {
  const server = await openServer((request, socket, connection) => {
    if (connection === 0) socket.resetAndDestroy()
    else socket.write(reply(request, { status: 1 }))
  })
  const store = openStore({ servers: [server.address], ...PATIENT })
  await expect(store.get('key')).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(await store.get('key')).toBeUndefined()
  expect(server.opened).toBe(2)
})

test('a server that is frozen and thawed is used again over one connection', async () => {
  const server = await startMemcached()
  onTestFinished(() => server.stop())
  const store = openStore({ servers: [server.address], timeout: 400 })
  await store.set('key', Buffer.from('value'), 60_000)
  server.freeze()
  await expect(store.get('key')).rejects.toThrow('sent nothing for 400 ms')
  await expect(store.get('key')).rejects.toThrow('sent nothing for 400 ms')
  server.thaw()
  for (let round = 0; round < 20; round++) {
    expect(Buffer.from((await store.get('key'))?.bytes ?? []).toString()).toBe('value')
  }
})

test('the end of an old connection leaves the new one alone, and no orphan is left after close', async () => {
  const server = await openServer((request, socket, connection) => {
    if (connection > 0) socket.write(reply(request, { status: 1 }))
  })
  const store = openStore({ servers: [server.address], timeout: 50 })
  await expect(store.get('key')).rejects.toThrow('sent nothing')
  await Promise.all(Array.from({ length: 20 }, (_, index) => store.get(`key-${index}`)))
  await expect.poll(() => server.open).toBe(1)
  expect(await store.get('key')).toBeUndefined()
  expect(server.opened).toBe(2)
  await store.close()
  await expect.poll(() => server.open).toBe(0)
})

test('a server that answers slowly but steadily is not taken for lost', async () => {
  const peers: [Request, Socket][] = []
  const server = await openServer((request, socket) => void peers.push([request, socket]))
  const { store, client } = openClient(server.port, { timeout: 400 })
  useFakeTime()
  const read = store.get('key')
  await until(() => peers.length > 0)
  const [request, socket] = peers[0] as [Request, Socket]
  const bytes = hit(request, 'slow')
  for (let sent = 0; sent < bytes.length; sent++) {
    socket.write(bytes.subarray(sent, sent + 1))
    await until(() => sent + 1 === bytes.length || client.servers[0]?._socket?.bytesRead === sent + 1)
    vi.advanceTimersByTime(300)
    await turn()
  }
  expect(Buffer.from((await read)?.bytes ?? []).toString()).toBe('slow')
  expect(server.opened).toBe(1)
})

test('a request that follows a pause has the whole timeout', async () => {
  const peers: [Request, Socket][] = []
  const server = await openServer((request, socket) => void peers.push([request, socket]))
  const { store } = openClient(server.port, { timeout: 400 })
  useFakeTime()
  for (let round = 0; round < 5; round++) {
    const read = store.get('key')
    await until(() => peers.length > round)
    for (let step = 0; step < (round % 2 === 0 ? 1 : 5); step++) {
      vi.advanceTimersByTime(20)
      await turn()
    }
    const [request, socket] = peers[round] as [Request, Socket]
    socket.write(reply(request, { status: 1 }))
    expect(await read).toBeUndefined()
    // Nothing is owed now, and before the timer runs out the next request is sent.
    vi.advanceTimersByTime(350)
    await turn()
  }
  expect(server.opened).toBe(1)
})

test('a server that sends nothing is taken for lost after the timeout, not before', async () => {
  const server = await openServer(() => {})
  const { store } = openClient(server.port, { timeout: 400 })
  useFakeTime()
  const settled = vi.fn()
  const read = store.get('key').finally(settled)
  await until(() => server.requests.length === 1)
  vi.advanceTimersByTime(399)
  await turn()
  expect(settled).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  await expect(read).rejects.toThrow(`memcached at ${server.address} sent nothing for 400 ms`)
})

test('an answer that came while the process was busy counts as in time', async () => {
  const server = await startMemcached()
  onTestFinished(() => server.stop())
  const store = openStore({ servers: [server.address], timeout: 50 })
  await store.set('key', Buffer.from('value'), 60_000)
  const read = store.get('key')
  await turn()
  const busyUntil = performance.now() + 500
  while (performance.now() < busyUntil);
  expect(Buffer.from((await read)?.bytes ?? []).toString()).toBe('value')
})

test('what does not speak the protocol is left at once', async () => {
  const server = await openServer((_request, socket) => socket.write('ERROR\r\n'.repeat(10)))
  const store = openStore({ servers: [server.address], ...PATIENT })
  await expect(store.get('key')).rejects.toMatchObject({
    message: `memcached at ${server.address} cannot be understood: what answers there is not memcached; check host and port`,
    cause: { message: expect.stringContaining('binary protocol') },
  })
})

test('a reply that nobody waits for is passed over', async () => {
  const server = await openServer((request, socket) => {
    socket.write(Buffer.concat([hit({ ...request, seq: request.seq + 7 }, 'stray'), hit(request, 'own')]))
  })
  const store = openStore({ servers: [server.address] })
  expect(Buffer.from((await store.get('key'))?.bytes ?? []).toString()).toBe('own')
})

test('a status that means nothing to the store becomes an error with what the server said', async () => {
  const server = await openServer((request, socket) => {
    socket.write(reply(request, { status: 0x82, value: 'Out of memory' }))
  })
  const store = openStore({ servers: [server.address] })
  const message = `memcached at ${server.address} answered with status 0x82: Out of memory`
  await expect(store.set('key', Buffer.from('1'), 1_000)).rejects.toThrow(message)
  await expect(store.get('key')).rejects.toThrow(message)
  await expect(store.deleteMany(['key'])).rejects.toThrow(message)
  const [slot] = await store.getMany(['key'])
  expect(slot).toMatchObject({ message })
  expect(store.answered?.(slot)).toBe(true)
})

test('an error of the connection does not count as an answer', async () => {
  const server = await openServer((_request, socket) => socket.destroy())
  const store = openStore({ servers: [server.address] })
  const error = await store.get('key').catch(reason => reason)
  expect(error).toBeInstanceOf(Error)
  expect(store.answered?.(error)).toBe(false)
})

test('nothing is written to the console, whatever goes wrong', async () => {
  const written = (['log', 'info', 'warn', 'error', 'debug'] as const).map(method =>
    vi.spyOn(console, method),
  )
  onTestFinished(() => void vi.restoreAllMocks())
  const server = await openServer((_request, socket) => socket.destroy())
  const store = openStore({ servers: [server.address] })
  await expect(store.get('key')).rejects.toThrow()
  for (const spy of written) expect(spy).not.toHaveBeenCalled()
})
