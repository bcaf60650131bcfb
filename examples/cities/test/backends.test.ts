import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { findBackends } from '../src/backends.js'

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

test('servers that are on the machine run until they are stopped', async () => {
  const { reachable, missing, stop } = await findBackends()
  try {
    expect(reachable.map(({ name }) => name)).toEqual(['memory', 'Redis', 'memcached'])
    expect(missing).toEqual([])
    expect(await Promise.all(reachable.slice(1).map(({ url }) => listens(url)))).toEqual([true, true])
  } finally {
    await stop()
  }
  expect(await Promise.all(reachable.slice(1).map(({ url }) => listens(url)))).toEqual([false, false])
})

test('a machine without servers has memory, and says how to see the others', async () => {
  process.env['PATH'] = '/nowhere'
  const { reachable, missing } = await findBackends()
  expect(reachable).toEqual([{ name: 'memory', url: 'memory:' }])
  expect(missing).toEqual([
    'redis-server is not on this machine. To see Redis too: install it, or set CACHE_URL.',
    'memcached is not on this machine. To see memcached too: install it, or set CACHE_URL.',
  ])
})

test('a backend that is named comes first and is not started', async () => {
  process.env['PATH'] = '/nowhere'
  const { reachable, missing } = await findBackends('redis://cache.example:6379')
  expect(reachable).toEqual([
    { name: 'Redis', url: 'redis://cache.example:6379' },
    { name: 'memory', url: 'memory:' },
  ])
  expect(missing).toHaveLength(1)
})
