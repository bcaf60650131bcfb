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

  it('fails with the reason of the server, and the password is nowhere in the errors', async () => {
    const store = redisStore({ url: urlFor('ada', 'wr0ng'), connectTimeout: 200 })
    const errors = await Promise.all([store.get('key'), store.ping()].map(call => call.catch(error => error)))
    await store.close()
    expect(errors[0].message).toContain('WRONGPASS')
    expect(errors[1]).toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: expect.stringContaining('WRONGPASS'),
      cause: { message: expect.stringContaining('WRONGPASS') },
    })
    expect(inspect(errors, { depth: 10, showHidden: true })).not.toContain('wr0ng')
  })

  it('fails when the server has no such database, and touches no other', async () => {
    const store = redisStore({ port: server.port, db: 99, connectTimeout: 200 })
    await expect(store.set('stray', Buffer.from('1'), 60_000)).rejects.toThrow('DB index is out of range')
    await admin.select(0)
    expect(await admin.exists('stray')).toBe(0)
    await expect(store.ping()).rejects.toThrow('DB index is out of range')
    await store.close()
  })
})
