import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, relative } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type Backend, backend, findBackends } from '../src/backends.js'

const { PATH } = process.env
afterEach(() => {
  process.env['PATH'] = PATH
})

function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  return new Promise(resolve => {
    const socket = connect(Number(port), hostname)
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

const names = (backends: readonly Backend[]) => backends.map(({ name }) => name)

test('servers that are on the machine run until they are stopped', async () => {
  const { reachable, missing, stop } = await findBackends()
  const urls = [...new Set(reachable.flatMap(({ url }) => url ?? []))]
  try {
    expect(names(reachable)).toEqual(['memory', 'Redis', 'memcached', 'tiered', 'off'])
    expect(missing).toEqual([])
    expect(await Promise.all(urls.map(listens))).toEqual([true, true])
    expect(reachable[3]?.url).toBe(reachable[1]?.url)
  } finally {
    await stop()
  }
  expect(await Promise.all(urls.map(listens))).toEqual([false, false])
})

test('a machine without servers has memory and no cache at all, and says how to see the others', async () => {
  process.env['PATH'] = '/nowhere'
  const { reachable, missing } = await findBackends()
  expect(names(reachable)).toEqual(['memory', 'off'])
  expect(missing).toEqual([
    'redis-server is not on this machine. To see Redis and tiered too: install it, or set CACHE_URL.',
    'memcached is not on this machine. To see memcached too: install it, or set CACHE_URL.',
  ])
})

test('each has a config file of its own, which is there', async () => {
  process.env['PATH'] = '/nowhere'
  const { reachable } = await findBackends({ CACHE_URL: 'redis://cache.example:6379' })
  expect(reachable.map(({ config }) => basename(config))).toEqual([
    'cache.config.redis.yaml',
    'cache.config.memory.json',
    'cache.config.tiered.mjs',
    'cache.config.off.json',
  ])
  for (const { config } of reachable) expect(existsSync(config)).toBe(true)
})

test('a server that is named is not started, and its backend comes first', async () => {
  process.env['PATH'] = '/nowhere'
  const url = 'redis://cache.example:6379'
  const { reachable, missing } = await findBackends({ CACHE_URL: url })
  expect(names(reachable)).toEqual(['Redis', 'memory', 'tiered', 'off'])
  expect(reachable.map(each => each.url)).toEqual([url, undefined, url, undefined])
  expect(missing).toHaveLength(1)
  expect(names((await findBackends({ CACHE_URL: 'memcached://cache.example' })).reachable)).toEqual([
    'memcached',
    'memory',
    'off',
  ])
})

test('a config file of this example comes first where it is named', async () => {
  process.env['PATH'] = '/nowhere'
  const config = relative(process.cwd(), backend('tiered').config)
  const env = { CACHE_CONFIG: config, CACHE_URL: 'redis://cache.example:6379' }
  expect(names((await findBackends(env)).reachable)).toEqual(['tiered', 'memory', 'Redis', 'off'])
  expect(names((await findBackends({ CACHE_URL: 'none:' })).reachable)).toEqual(['off', 'memory'])
})

test('the tour refuses a URL that names no cache, and a config that it knows nothing of', async () => {
  await expect(findBackends({ CACHE_URL: 'mongodb://localhost' })).rejects.toThrow(
    'a cache URL has one of the forms',
  )
  await expect(findBackends({ CACHE_CONFIG: 'other.json' })).rejects.toThrow(
    'the tour plays cache.config.memory.json, cache.config.redis.yaml, cache.config.memcached.yaml, cache.config.tiered.mjs, cache.config.off.json; received CACHE_CONFIG=other.json. The service runs with any config: npm run demo -- --serve',
  )
})
