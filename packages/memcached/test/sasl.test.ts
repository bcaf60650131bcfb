import { expect, test, vi } from 'vitest'
import { openServer, openStore } from './opened.js'
import { hit, reply, type Script } from './scripted-server.js'

const LIST = 0x20
const AUTHENTICATE = 0x21

/** Answers like a memcached that was started with -S. */
function guarded(username: string, password: string): Script {
  const known = new WeakSet<object>()
  return (request, socket) => {
    if (request.opcode === LIST) socket.write(reply(request, { value: 'PLAIN' }))
    else if (request.opcode === AUTHENTICATE) {
      const right = request.key === 'PLAIN' && `${request.value}` === `\0${username}\0${password}`
      if (right) known.add(socket)
      socket.write(
        reply(request, right ? { value: 'Authenticated' } : { status: 0x20, value: 'Auth failure.' }),
      )
    } else if (known.has(socket))
      socket.write(hit(request, 'secret', { key: request.opcode === 0x0d ? request.key : '' }))
    else socket.write(reply(request, { status: 0x20, value: 'Auth failure.' }))
  }
}

test.each(['url', 'options'])(
  'the user and password of the %s authenticate each connection once',
  async how => {
    const server = await openServer(guarded('käte', 'p@ss,w/rd:%'))
    const store = openStore(
      how === 'url'
        ? `memcached://k%C3%A4te:p%40ss%2Cw%2Frd%3A%25@${server.address}`
        : { servers: [server.address], username: 'käte', password: 'p@ss,w/rd:%' },
    )
    const read = await Promise.all(Array.from({ length: 10 }, () => store.get('key')))
    expect(read.map(stored => `${Buffer.from(stored?.bytes ?? [])}`)).toEqual(Array(10).fill('secret'))
    const opcodes = server.requests.map(({ opcode }) => opcode)
    expect(opcodes).toEqual([LIST, AUTHENTICATE, ...Array(10).fill(0)])
  },
)

test('a wrong password fails every request with an error that does not show it', async () => {
  const server = await openServer(guarded('user', 'right'))
  const store = openStore({ servers: [server.address], username: 'user', password: 'wr0ng', timeout: '15s' })
  const outcomes = await Promise.allSettled([store.get('a'), store.getMany(['b']), store.ping()])
  expect(outcomes[0]).toMatchObject({ reason: { code: 'ERR_CACHE_UNAVAILABLE' } })
  expect(outcomes[1]).toMatchObject({ value: [{ code: 'ERR_CACHE_UNAVAILABLE' }] })
  expect(outcomes[2]).toMatchObject({ reason: { code: 'ERR_CACHE_UNAVAILABLE' } })
  for (const outcome of outcomes) {
    const error = outcome.status === 'rejected' ? outcome.reason : (outcome.value as Error[])[0]
    expect(error.message).toContain("user 'user'")
    expect(error.message).not.toContain('wr0ng')
  }
})

test('a server that demands a user where there is none says so', async () => {
  const server = await openServer(guarded('user', 'password'))
  const store = openStore({ servers: [server.address], timeout: '15s', maxQueue: 1 })
  const demand = { code: 'ERR_CACHE_UNAVAILABLE', message: expect.stringContaining('demands authentication') }
  await expect(store.get('key')).rejects.toMatchObject(demand)
  expect(await store.getMany(['key'])).toEqual([expect.objectContaining(demand)])
  await expect(store.deleteMany(['key'])).rejects.toMatchObject(demand)
})

test('a server that knows no authentication is used without', async () => {
  const server = await openServer((request, socket) => {
    const known = request.opcode !== LIST && request.opcode !== AUTHENTICATE
    socket.write(known ? hit(request, 'open') : reply(request, { status: 0x81, value: 'Unknown command' }))
  })
  const store = openStore({ servers: [server.address], username: 'user', password: 'password' })
  expect(`${Buffer.from((await store.get('key'))?.bytes ?? [])}`).toBe('open')
  expect(server.requests.map(({ opcode }) => opcode)).toEqual([LIST, 0])
})

test('a server that never finishes to authenticate is given up after connectTimeout', async () => {
  const server = await openServer(() => {})
  const store = openStore({ servers: [server.address], username: 'u', password: 'p', connectTimeout: 50 })
  await expect(store.get('key')).rejects.toThrow('could not be reached within 50 ms')
  await expect.poll(() => server.open).toBe(0)
})

test("memjs' credentials from the environment are not sent anywhere", async () => {
  vi.stubEnv('MEMCACHE_USERNAME', 'someone')
  vi.stubEnv('MEMCACHE_PASSWORD', 'secret')
  const server = await openServer((request, socket) => socket.write(reply(request, { status: 1 })))
  const store = openStore({ servers: [server.address] })
  await store.get('key').finally(() => vi.unstubAllEnvs())
  expect(server.requests.map(({ opcode }) => opcode)).toEqual([0])
})
