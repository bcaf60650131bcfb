import { inspect } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Server, startRedis } from '../../../tests/servers/index.js'
import { redisStore } from '../src/index.js'

const PASSWORD = 'p@ss/w#rd?%'
let server: Server
let admin: Redis

beforeAll(async () => {
  server = await startRedis('--user', 'ada', 'on', `>${PASSWORD}`, '~*', '+@all')
  admin = new Redis(server.port)
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})

function urlFor(user: string, password: string, database = ''): string {
  return `redis://${user}:${encodeURIComponent(password)}@${server.address}${database}`
}

describe('the login of a store', () => {
  it('takes the ACL user and the database of the URL', async () => {
    const store = redisStore(urlFor('ada', PASSWORD, '/2'))
    await store.set('key', Buffer.from('1'), 60_000)
    const clients = String(await admin.client('LIST'))
    await store.close()
    expect(clients).toMatch(/ db=2 .* user=ada /)
    await admin.select(2)
    expect(await admin.get('key')).toBe('1')
  })

  it('takes user, password and database as options', async () => {
    const store = redisStore({ port: server.port, username: 'ada', password: PASSWORD, db: 3 })
    await store.set('key', Buffer.from('3'), 60_000)
    await store.close()
    await admin.select(3)
    expect(await admin.get('key')).toBe('3')
  })

  it('takes a user without a password', async () => {
    await admin.acl('SETUSER', 'open', 'on', 'nopass', '~*', '+@all')
    const store = redisStore(`redis://open@${server.address}`)
    await store.ping()
    await store.close()
  })

  it('takes a password without a user', async () => {
    const locked = await startRedis('--requirepass', 'only')
    const store = redisStore(`redis://:only@${locked.address}`)
    await store.ping()
    await store.close()
    await locked.stop()
  })

  it('fails at once with the reason of the server, and the password is nowhere in the errors', async () => {
    const store = redisStore({ url: urlFor('ada', 'wr0ng'), connectTimeout: '10m' })
    const errors = await Promise.all([store.get('key'), store.ping()].map(call => call.catch(error => error)))
    errors.push(await store.ping().catch(error => error), await store.get('key').catch(error => error))
    await store.close()
    const message = `Redis at ${server.address} refused the login: WRONGPASS invalid username-password pair or user is disabled. Check user and password in the URL (redis://:password@host has no user)`
    const cause = { message: expect.stringContaining('WRONGPASS') }
    expect(errors).toMatchObject([
      { message, cause },
      { code: 'ERR_CACHE_UNAVAILABLE', message, cause },
      { code: 'ERR_CACHE_UNAVAILABLE', message, cause },
      { message, cause },
    ])
    expect(inspect(errors, { depth: 10, showHidden: true })).not.toContain('wr0ng')
  })

  it('fails at once where one is demanded and none is given', async () => {
    const locked = await startRedis('--requirepass', 'only')
    const store = redisStore({ url: `redis://${locked.address}`, connectTimeout: '10m' })
    await expect(store.ping()).rejects.toThrow(
      `Redis at ${locked.address} refused the login: NOAUTH, it wants a password. Check user and password`,
    )
    await store.close()
    await locked.stop()
  })

  it("tells at once of an injected client's wrong password, and not the password", async () => {
    const client = new Redis(urlFor('ada', 'wr0ng'))
    client.on('error', () => {})
    const error = await redisStore({ client, connectTimeout: '10m' })
      .ping()
      .catch(reason => reason)
    client.disconnect()
    expect(error).toMatchObject({ message: expect.stringContaining('refused the login: WRONGPASS') })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('wr0ng')
  })

  it('fails at once for a user that may not ping', async () => {
    await admin.acl('SETUSER', 'mute', 'on', 'nopass', '~*', '+@all', '-ping')
    const store = redisStore({ url: `redis://mute@${server.address}`, connectTimeout: '10m' })
    await expect(store.ping()).rejects.toThrow('refused the login: NOPERM')
    await store.close()
  })

  it('fails at once when the server has no such database, and touches no other', async () => {
    const store = redisStore({ port: server.port, db: 99, connectTimeout: '10m' })
    const stray = store.set('stray', Buffer.from('1'), 60_000)
    const reason = `Redis at ${server.address} refused database 99: ERR DB index is out of range.`
    await expect(stray).rejects.toThrow(reason)
    await admin.select(0)
    expect(await admin.exists('stray')).toBe(0)
    await expect(store.ping()).rejects.toThrow(reason)
    await store.close()
  })
})
