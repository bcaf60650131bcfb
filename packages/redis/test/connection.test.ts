import { createServer } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort, type Server, startRedis } from '../../../tests/servers/index.js'
import { type RedisStoreOptions, redisStore } from '../src/index.js'
import { frameOf } from './frames.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const action of cleanUp.splice(0).reverse()) await action()
})

function stayBusy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

async function newServer(): Promise<Server> {
  const server = await startRedis()
  cleanUp.push(() => server.stop())
  return server
}

function newStore(options: string | RedisStoreOptions) {
  const store = redisStore(options)
  cleanUp.push(() => store.close())
  return store
}

describe('the connection of a store', () => {
  it('may still be under way when the first calls are made', async () => {
    const server = await newServer()
    const store = newStore(`redis://${server.address}`)
    const set = store.set('a', Buffer.from('1'), 60_000)
    const get = store.get('a')
    await set
    expect(String((await get)?.bytes)).toBe('1')
  })

  it('sends a batch of reads as one command, and a batch of deletes', async () => {
    const server = await newServer()
    const store = newStore(`redis://${server.address}`)
    await store.getMany(['a', 'b', 'c'])
    await store.deleteMany(['a', 'b', 'c'])
    const admin = new Redis(server.port)
    cleanUp.push(() => admin.disconnect())
    const stats = await admin.info('commandstats')
    expect(stats).toContain('cmdstat_mget:calls=1,')
    expect(stats).toContain('cmdstat_unlink:calls=1,')
    expect(stats).not.toContain('cmdstat_get:')
  })

  it('rejects every call when there is no server, and says so in each slot of getMany', async () => {
    const store = newStore(`redis://127.0.0.1:${await freePort()}`)
    const [get, many] = [store.get('a'), store.getMany(['a', 'b'])]
    await expect(get).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    expect(await many).toEqual([expect.any(Error), expect.any(Error)])
    await expect(store.set('a', frameOf(), 60_000)).rejects.toThrow()
    expect(await store.getMany(['a'])).toEqual([expect.any(Error)])
  })

  it('tells in every later error why there is none', async () => {
    const port = await freePort()
    const store = newStore(`redis://127.0.0.1:${port}`)
    await expect(store.get('a')).rejects.toThrow()
    for (const call of [store.get('a'), store.set('a', frameOf(), 60_000), store.deleteMany(['a'])]) {
      await expect(call).rejects.toMatchObject({
        message: `Redis at 127.0.0.1:${port} is not connected: connect ECONNREFUSED 127.0.0.1:${port}`,
        cause: { code: 'ECONNREFUSED' },
      })
    }
    expect(await store.getMany(['a'])).toMatchObject([{ cause: { code: 'ECONNREFUSED' } }])
  })

  it('comes up by itself when the server does', async () => {
    const server = await newServer()
    await server.kill()
    const store = newStore(`redis://${server.address}`)
    await expect(store.get('a')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
    await server.restart()
    await expect.poll(() => store.get('a').catch(() => 'down'), { timeout: 10_000 }).toBeUndefined()
  })

  it('breaks off the calls on it when the server dies, and comes back by itself', async () => {
    const server = await newServer()
    const store = newStore(`redis://${server.address}`)
    await store.ping()
    server.freeze()
    const inFlight = store.get('a')
    inFlight.catch(() => {})
    await server.kill()
    await expect(inFlight).rejects.toThrow(`Redis at ${server.address} is not connected: `)
    await expect
      .poll(() =>
        store.get('a').then(
          () => 'up',
          () => 'down',
        ),
      )
      .toBe('down')
    await server.restart()
    await expect.poll(() => store.get('a').catch(() => 'down'), { timeout: 10_000 }).toBeUndefined()
  })

  it('is given up when the server falls silent, and comes back when it speaks again', async () => {
    const server = await newServer()
    const store = newStore({ url: `redis://${server.address}`, socketTimeout: '100ms' })
    await store.ping()
    server.freeze()
    const reason = `Redis at ${server.address} is not connected: it sent nothing for 100 ms`
    await expect(store.get('a')).rejects.toThrow(reason)
    await expect(store.get('a')).rejects.toThrow(reason)
    server.thaw()
    await expect.poll(() => store.get('a').catch(() => 'down'), { timeout: 10_000 }).toBeUndefined()
  })

  it('is kept when the process was busy while an answer came, and the answer counts as in time', async () => {
    const server = await newServer()
    const store = newStore({ url: `redis://${server.address}`, socketTimeout: 100, commandTimeout: 100 })
    await store.set('a', Buffer.from('1'), 60_000)
    const admin = new Redis(server.port)
    cleanUp.push(() => admin.disconnect())
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1])
    const before = await connections()
    for (let round = 0; round < 3; round++) {
      const read = store.get('a')
      await turn()
      stayBusy(300)
      expect(String((await read)?.bytes)).toBe('1')
    }
    expect(await connections()).toBe(before)
  })

  it('is made in time although the process is busy meanwhile', async () => {
    const server = await newServer()
    const store = newStore({ url: `redis://${server.address}`, connectTimeout: 50 })
    const read = store.get('a')
    await turn()
    stayBusy(200)
    expect(await read).toBeUndefined()
  })

  it('survives a command that takes longer than commandTimeout', async () => {
    const server = await newServer()
    const store = newStore({ url: `redis://${server.address}`, commandTimeout: 50, socketTimeout: '1m' })
    await store.ping()
    server.freeze()
    await expect(store.get('a')).rejects.toThrow('timed out')
    server.thaw()
    await expect.poll(() => store.get('a').catch(() => 'slow')).toBeUndefined()
  })

  it('is opened again when the server has become a replica, which refuses writes', async () => {
    const server = await newServer()
    const store = newStore(`redis://${server.address}`)
    await store.ping()
    const admin = new Redis(server.port)
    cleanUp.push(() => admin.disconnect())
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1])
    await admin.replicaof('127.0.0.1', await freePort())
    const before = await connections()
    await expect(store.set('a', frameOf(), 60_000)).rejects.toThrow('READONLY')
    await expect.poll(connections).toBe(before + 1)
    await admin.replicaof('NO', 'ONE')
    await expect.poll(() => store.set('a', frameOf(), 60_000).catch(() => 'down')).toBeUndefined()
  })
})

describe('ping', () => {
  it('resolves once a server that starts late has answered', async () => {
    const server = await newServer()
    await server.kill()
    const store = newStore({ url: `redis://${server.address}`, connectTimeout: '15s' })
    const ping = store.ping()
    await expect(store.get('a')).rejects.toThrow()
    await server.restart()
    await expect(ping).resolves.toBeUndefined()
  })

  it('rejects with the address, the cause and no password when nobody listens', async () => {
    const port = await freePort()
    const store = newStore({ url: `redis://ada:s3cret@127.0.0.1:${port}`, connectTimeout: 100 })
    const error = await store.ping().catch(reason => reason)
    expect(error).toMatchObject({
      code: 'ERR_CACHE_UNAVAILABLE',
      message: expect.stringContaining(
        `Redis at 127.0.0.1:${port} did not answer within 100 ms: connect ECONNREFUSED`,
      ),
      cause: { code: 'ECONNREFUSED' },
    })
    expect(error.message).not.toContain('s3cret')
  })

  it('rejects when the server accepts the connection but never answers', async () => {
    const mute = createServer(socket => socket.on('error', () => {}))
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
    cleanUp.push(() => mute.close())
    const { port } = mute.address() as { port: number }
    const store = newStore({ port, connectTimeout: 100 })
    await expect(store.ping()).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
  })

  it('rejects when the server has been frozen since', async () => {
    const server = await newServer()
    const store = newStore({ url: `redis://${server.address}`, connectTimeout: 100 })
    await store.ping()
    server.freeze()
    await expect(store.ping()).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
  })
})

describe('close', () => {
  const sockets = () => process.getActiveResourcesInfo().filter(name => /^TCP/.test(name)).length

  it('leaves nothing behind that keeps the process alive, whatever the state of the server', async () => {
    const [healthy, frozen, dead] = [await newServer(), await newServer(), await newServer()]
    const before = sockets()
    const stores = [healthy, frozen, dead].map(server =>
      redisStore({ port: server.port, connectTimeout: '10s' }),
    )
    await Promise.all(stores.map(store => store.ping()))
    expect(sockets()).toBeGreaterThan(before)
    frozen.freeze()
    await dead.kill()
    for (const store of stores) await store.close()
    await expect.poll(sockets).toBeLessThanOrEqual(before)
  })

  it('may be called twice, and at once', async () => {
    const store = redisStore({ port: await freePort() })
    const waiting = store.get('a')
    waiting.catch(() => {})
    await store.close()
    await store.close()
    await expect(waiting).rejects.toThrow()
  })

  it('makes later calls reject with ERR_CACHE_CLOSED', async () => {
    const server = await newServer()
    const store = redisStore({ port: server.port })
    await store.close()
    for (const call of [store.get('a'), store.getMany(['a']), store.deleteMany(['a']), store.ping()]) {
      await expect(call).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' })
    }
  })
})
