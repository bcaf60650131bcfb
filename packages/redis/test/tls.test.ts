import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRedis } from '../../../tests/servers/index.js'
import { type Server, startServer } from '../../../tests/servers/server.js'
import { type RedisStoreOptions, redisStore } from '../src/index.js'

const at = (name: string) => fileURLToPath(new URL(`fixtures/tls/${name}`, import.meta.url))
const [key, certificate] = [at('key.pem'), at('cert.pem')]
let server: Server

beforeAll(async () => {
  server = await startServer('redis-server', port => [
    ...['--port', '0', '--tls-port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir()],
    ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-auth-clients', 'no'],
  ])
})
afterAll(async () => {
  await server.stop()
})

async function roundTrip(options: RedisStoreOptions): Promise<string> {
  const store = redisStore(options)
  try {
    await store.set('key', Buffer.from('over TLS'), 60_000)
    return String((await store.get('key'))?.bytes)
  } finally {
    await store.close()
  }
}

describe('TLS', () => {
  it('is used for a rediss:// URL, with the authorities given', async () => {
    const tls = { ca: readFileSync(certificate) }
    expect(await roundTrip({ url: `rediss://${server.address}`, tls })).toBe('over TLS')
  })

  it('is used when the options say so', async () => {
    const tls = { ca: readFileSync(certificate) }
    expect(await roundTrip({ host: 'localhost', port: server.port, tls })).toBe('over TLS')
  })

  it.each([{}, { tls: true }])('refuses a certificate that nobody vouches for: %j', async options => {
    await expect(roundTrip({ url: `rediss://${server.address}`, ...options })).rejects.toMatchObject({
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    })
  })

  it('is not used for a redis:// URL', async () => {
    await expect(roundTrip({ url: `redis://${server.address}` })).rejects.toThrow()
  })

  it('is missed by name where a plain port is asked for it', async () => {
    const plain = await startRedis()
    const store = redisStore({ url: `rediss://${plain.address}`, connectTimeout: 100 })
    const reason = `Redis at ${plain.address} makes no TLS handshake; is it a plain port? Then use redis://`
    const calls = [store.ping(), store.get('key')]
    for (const call of calls) await expect(call).rejects.toThrow(reason)
    await store.close()
    await plain.stop()
  })
})
