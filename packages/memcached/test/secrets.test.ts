import { Client } from 'memjs'
import { describe, expect, it } from 'vitest'
import { secretsIn } from '../../../tests/behaviour/secrets-reach.js'
import { everythingTold } from '../../../tests/behaviour/secrets-told.js'
import { type MemjsClient, memcachedStore } from '../src/index.js'
import { openServer } from './opened.js'
import { hit, reply, type Script } from './scripted-server.js'

const PASSWORD = 'r!ght/#?%: w@rd'
const WRONG = 'wr@ng/#?%: w0rd'
const LIST = 0x20
const AUTHENTICATE = 0x21

/** Answers like a memcached that was started with -S, but repeats the password that it refuses. */
const guarded: Script = (request, socket) => {
  if (request.opcode === LIST) socket.write(reply(request, { value: 'PLAIN' }))
  else if (request.opcode === AUTHENTICATE) {
    const right = `${request.value}` === `\0ada\0${PASSWORD}`
    socket.write(reply(request, right ? {} : { status: 0x20, value: `refused: ${request.value}` }))
  } else socket.write(hit(request, 'value', { key: request.opcode === 0x0d ? request.key : '' }))
}

type Where = Parameters<typeof memcachedStore>[0] & {}

const url = (password: string, servers: string[]) =>
  `memcached://ada:${encodeURIComponent(password)}@${servers.join(',')}`

const forms: [string, (password: string, servers: string[]) => Where][] = [
  ['as a URL', url],
  ['as a URL object', (password, [server]) => new URL(url(password, [server as string]))],
  ['as options', (password, servers) => ({ servers, username: 'ada', password })],
  ['with a URL', (password, servers) => ({ url: url('-', servers), password })],
  [
    "to the application's client",
    (password, servers) => ({
      client: Client.create(servers.join(','), { username: 'ada', password }) as unknown as MemjsClient,
    }),
  ],
]

describe.each(forms)('A password given %s is told nowhere', (_, where) => {
  it.each([
    ['one server takes it', PASSWORD, 1],
    ['two servers take it', PASSWORD, 2],
    ['one server refuses it', WRONG, 1],
    ['two servers refuse it', WRONG, 2],
  ])('when %s', async (_, password, count) => {
    const servers = await Promise.all(Array.from({ length: count }, () => openServer(guarded)))
    const addresses = servers.map(({ address }) => address)
    const told = await everythingTold(memcachedStore(where(password, addresses)))
    expect(servers[0]?.requests.map(({ opcode }) => opcode)).toContain(AUTHENTICATE)
    for (const [what, value] of Object.entries(told)) {
      expect.soft(secretsIn(value, PASSWORD, WRONG), what).toEqual([])
    }
  })
})
