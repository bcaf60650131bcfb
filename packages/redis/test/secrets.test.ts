import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { secretsIn } from '../../../tests/behaviour/secrets-reach.js'
import { everythingTold } from '../../../tests/behaviour/secrets-told.js'
import { type Server, startRedis } from '../../../tests/servers/index.js'
import { type RedisBusClient, type RedisClient, redisBus, redisStore } from '../src/index.js'

const PASSWORD = 'r!ght/#?%: w@rd'
const WRONG = 'wr@ng/#?%: w0rd'

let guarded: Server
/** Knows no AUTH, and repeats what came with it. */
let nameless: Server
let cluster: Server

beforeAll(async () => {
  const users = [
    ...['--user', 'ada', 'on', `>${PASSWORD}`, '~*', '&*', '+@all'],
    ...['--user', 'eve', 'on', `>${PASSWORD}`, '~none:*', '+ping', '+info'],
  ]
  guarded = await startRedis('--requirepass', PASSWORD, ...users)
  nameless = await startRedis('--rename-command', 'AUTH', '', '--rename-command', 'HELLO', '')
  cluster = await startRedis('--requirepass', PASSWORD, '--cluster-enabled', 'yes')
})
afterAll(async () => {
  await Promise.all([guarded, nameless, cluster].map(server => server.stop()))
})

interface Login {
  readonly user: string
  readonly password: string
  readonly server: Server
}

type Where = Exclude<Parameters<typeof redisStore>[0], undefined> & Parameters<typeof redisBus>[0]

const url = ({ user, password, server }: Login) =>
  `redis://${user}:${encodeURIComponent(password)}@${server.address}`

const forms: [string, (login: Login) => Where][] = [
  ['as a URL', url],
  ['as a URL object', login => new URL(url(login))],
  ['as options', ({ user, password, server }) => ({ port: server.port, username: user, password })],
  [
    'as a URL with options',
    ({ user, password, server }) => ({ url: url({ user, password: '-', server }), password }),
  ],
]

const logins: [string, () => Login][] = [
  ['is right', () => ({ user: 'ada', password: PASSWORD, server: guarded })],
  ['is wrong', () => ({ user: 'ada', password: WRONG, server: guarded })],
  ['is that of a user who may do nothing', () => ({ user: 'eve', password: PASSWORD, server: guarded })],
  ['goes to a server that knows no AUTH', () => ({ user: 'ada', password: WRONG, server: nameless })],
]

async function expectHidden(where: Where): Promise<void> {
  const buses = [redisBus(where), redisBus(where, { mode: 'tracking' })]
  for (const bus of buses) {
    const told = await everythingTold(redisStore(where as string), bus)
    expect(told.outcomes.length).toBeGreaterThan(0)
    for (const [what, value] of Object.entries(told)) {
      expect.soft(secretsIn(value, PASSWORD, WRONG), `${what} with ${bus.name}`).toEqual([])
    }
  }
}

describe.each(forms)('A password given %s is told nowhere', (_, where) => {
  it.each(logins)('when it %s', async (_, login) => {
    await expectHidden(where(login()))
  })
})

type Client = RedisClient & RedisBusClient & { disconnect(): void; get(key: string): Promise<unknown> }

const impatient = { maxRetriesPerRequest: 0, retryStrategy: () => 20 }
const clients: [string, () => Client][] = [
  ['over RESP3', () => new Redis({ ...impatient, port: guarded.port, password: WRONG })],
  ['over RESP2', () => new Redis({ ...impatient, port: guarded.port, password: WRONG, protocol: 2 })],
  ['to a server that knows no AUTH', () => new Redis({ ...impatient, port: nameless.port, password: WRONG })],
  [
    'to a Cluster',
    () =>
      new Cluster([{ host: '127.0.0.1', port: cluster.port }], {
        clusterRetryStrategy: attempt => (attempt < 20 ? 20 : null),
        redisOptions: { password: WRONG },
      }),
  ],
  [
    'through a Sentinel',
    () =>
      new Redis({
        sentinels: [{ host: '127.0.0.1', port: nameless.port }],
        name: 'main',
        sentinelPassword: WRONG,
        sentinelRetryStrategy: () => null,
      }),
  ],
]

describe("An application's client whose password is wrong", () => {
  it.each(clients)('tells it, but neither store nor bus does: %s', async (_, newClient) => {
    const heard: unknown[] = []
    function open(): Client {
      const client = newClient()
      client.on('error', error => heard.push(error))
      onTestFinished(() => client.disconnect())
      return client
    }
    heard.push(
      await open()
        .get('key')
        .catch(error => error),
    )
    expect(secretsIn(heard, WRONG)).toContain(WRONG)
    await expectHidden({ client: open(), connectTimeout: 200 })
  })
})
