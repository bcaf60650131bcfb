import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fromUrl } from '@lookaside/config'
import { expect, inject, onTestFinished, test } from 'vitest'
import { checkArguments } from '../src/arguments.js'
import { cacheReport } from '../src/cache-report.js'
import type { Database } from '../src/database.js'
import { portFrom } from '../src/port.js'
import { serve } from '../src/serve.js'

async function openCache(url: string) {
  const cache = await fromUrl(url)
  onTestFinished(() => cache.close())
  return cache
}

test('the command line knows --serve, and nothing else', () => {
  expect(checkArguments([])).toEqual({ serve: false })
  expect(checkArguments(['--serve'])).toEqual({ serve: true })
  for (const wrong of [['--sevre'], ['--serve', 'now']]) {
    expect(() => checkArguments(wrong)).toThrow(
      `unknown argument "${wrong.at(-1)}": run the tour without arguments, or the service with --serve`,
    )
  }
})

test('PORT is a port, 3000 without one', () => {
  expect([undefined, '', '0', '8080', '65535'].map(portFrom)).toEqual([3000, 3000, 0, 8080, 65_535])
  for (const wrong of ['65536', '-1', '80.5', 'http', ' 80', '0x50', '1e3']) {
    expect(() => portFrom(wrong)).toThrow(
      `PORT must be a whole number from 0 (any free one) to 65535, received "${wrong}"`,
    )
  }
})

test('a port that is taken is said, and another one is used', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const database: Database = { name: 'none', query: async () => [], close: async () => {} }
  const service = await serve(database, await openCache('memory:'), port)
  onTestFinished(() => service.close())
  expect(service.takenPort).toBe(port)
  expect(service.url).not.toContain(`:${port}`)
  expect((await fetch(`${service.url}/stats`)).status).toBe(200)
})

test('the cache that is used is named without its password', async () => {
  expect(await cacheReport(await openCache('memory:'), 'memory:')).toEqual(['memory, in this process'])
  const url = inject('redisUrl')
  expect(await cacheReport(await openCache(url), url)).toEqual([
    `Redis, at ${new URL(url).host}, behind a memory in this process`,
  ])
  const memcached = inject('memcachedServers')
  expect(await cacheReport(await openCache(`memcached://${memcached}`), `memcached://${memcached}`)).toEqual([
    `memcached, at ${memcached}`,
  ])
})

test('a cache that cannot be reached is warned of', async () => {
  const url = 'redis://:s3cret@127.0.0.1:1/0'
  expect(await cacheReport(await openCache(url), url)).toEqual([
    'Redis, at 127.0.0.1:1, which cannot be reached',
    'Every answer comes from the database until it can; is it running, and is CACHE_URL right?',
  ])
})
