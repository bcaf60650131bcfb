import { createCache } from '@lookaside/core'
import { Redis, ReplyError } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, type Server, startRedis } from '../../../tests/servers/index.js'
import { redisStore } from '../src/index.js'

let server: Server
let admin: Redis

beforeAll(async () => {
  server = await startRedis()
  admin = new Redis(server.port)
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.unreachable(),
    error => error,
  )
}

describe('an error that is an answer of the server', () => {
  it('shows that it is up: a key of another type, a user that may not, no memory left', async () => {
    await admin.lpush('list', '1')
    await admin.acl('SETUSER', 'reader', 'on', 'nopass', '~*', '+@all', '-set')
    const store = redisStore(`redis://reader@${server.address}`)
    const failures = [
      await failureOf(store.get('list')),
      await failureOf(store.set('key', Buffer.from('1'), 60_000)),
    ]
    await admin.config('SET', 'maxmemory', '1')
    failures.push(await failureOf(redisStore({ client: admin }).set('key', Buffer.from('1'), 60_000)))
    await admin.config('SET', 'maxmemory', '0')
    expect(failures.map(failure => String(failure))).toEqual([
      expect.stringContaining('WRONGTYPE'),
      expect.stringContaining('NOPERM'),
      expect.stringContaining('OOM'),
    ])
    expect(failures.map(failure => store.answered?.(failure))).toEqual([true, true, true])
    await store.close()
  })

  it.each(['LOADING', 'MASTERDOWN', 'CLUSTERDOWN', 'BUSY'])(
    'shows nothing of the kind when the server says that it can serve nobody: %s',
    async word => {
      const store = redisStore({ client: admin })
      expect(store.answered?.(new ReplyError(`${word} not now`))).toBe(false)
    },
  )

  it('is not one that the connection gave', async () => {
    const store = redisStore({ port: await freePort() })
    const [first, later] = [await failureOf(store.get('key')), await failureOf(store.get('key'))]
    expect([store.answered?.(first), store.answered?.(later)]).toEqual([false, false])
    await store.close()
  })

  it('opens no breaker, however often it comes', async () => {
    await admin.acl('SETUSER', 'writer', 'on', 'nopass', '~*', '+@all', '-get')
    const store = redisStore(`redis://writer@${server.address}`)
    const cache = createCache({ store, prefix: 'answers' })
    const seen: string[] = []
    cache.on(({ type }) => void seen.push(type))
    for (let round = 0; round < 10; round++) {
      expect(await cache.get(`key-${round}`)).toBeUndefined()
    }
    expect(seen.filter(type => type === 'store-error')).toHaveLength(10)
    expect(seen).not.toContain('breaker')
    await cache.close()
  })
})
