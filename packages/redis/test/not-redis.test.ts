import { createServer } from 'node:http'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { redisStore } from '../src/index.js'

async function httpServer(): Promise<string> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  return `127.0.0.1:${port}`
}

describe('something that is not Redis', () => {
  it.each([
    ['memcached', async () => inject('memcachedServers').split(',')[0] as string],
    ['an HTTP server', httpServer],
  ])('is told as such: %s', async (_what, start) => {
    const address = await start()
    const store = redisStore({ url: `redis://${address}`, connectTimeout: '10m' })
    onTestFinished(() => store.close())
    const reason = `Redis at ${address} cannot be understood: what answers there is not Redis; check host and port`
    await expect(store.ping()).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE', message: reason })
    await expect(store.get('key')).rejects.toThrow(reason)
  })

  it('is told as such over TLS too', async () => {
    const address = await httpServer()
    const store = redisStore({ url: `rediss://${address}`, connectTimeout: '10m' })
    onTestFinished(() => store.close())
    await expect(store.ping()).rejects.toThrow(`Redis at ${address} makes no TLS handshake`)
  })
})
