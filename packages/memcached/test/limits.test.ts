import { expect, inject, onTestFinished, test } from 'vitest'
import { startMemcached } from '../../../tests/servers/index.js'
import { memcachedStore } from '../src/index.js'
import { toExptime } from '../src/memcached-ttl.js'
import { openServer, openStore } from './opened.js'
import { reply } from './scripted-server.js'

const servers = inject('memcachedServers').split(',')
const DAY = 86_400_000
const LONG = 600_000

test('a ttl becomes at least its seconds, and one more for the coarse clock', () => {
  expect([1, 400, 1_000, 1_000.5, 5_000, 30 * DAY - 1_000].map(ttl => toExptime(ttl))).toEqual([
    2, 2, 2, 3, 6, 2_592_000,
  ])
})

test('a ttl that memcached would take for a time in 1970 is sent as a time', () => {
  const now = 1_800_000_000_500
  expect(toExptime(30 * DAY, now)).toBe(1_800_000_001 + 2_592_001)
  expect(toExptime(3_650 * DAY, now)).toBe(1_800_000_001 + 315_360_001)
})

test('no ttl becomes 0, which is for ever', () => {
  expect([0, -1, 0.4, Number.NaN, Number.NEGATIVE_INFINITY].map(ttl => toExptime(ttl))).toEqual([
    2, 2, 2, 2, 2,
  ])
  expect(toExptime(Number.POSITIVE_INFINITY, 0)).toBe(315_360_001)
})

test('a value for a year is there at once, by set, add, replace and increment', async () => {
  const store = openStore({ servers })
  const keys = ['set', 'add', 'replace', 'increment'].map(name => `limits:year:${name}`)
  const [set = '', add = '', replace = '', increment = ''] = keys
  await store.deleteMany(keys)
  await store.set(set, Buffer.from('1'), 365 * DAY)
  await store.add(add, Buffer.from('1'), 365 * DAY)
  const version = (await store.add(replace, Buffer.from('0'), LONG)) ?? {}
  await store.replace(replace, Buffer.from('1'), 365 * DAY, version)
  await store.increment(increment, 1n, { initial: 0n, ttl: 365 * DAY })
  expect(
    (await store.getMany(keys)).map(slot => Buffer.from((slot as { bytes: Uint8Array }).bytes).toString()),
  ).toEqual(['1', '1', '1', '1'])
})

test('the largest value is taken under the longest key', async () => {
  const store = openStore({ servers: servers.slice(0, 1), timeout: 2_000 })
  const key = 'limits:largest'.padEnd(250, '-')
  const largest = Buffer.alloc(store.limits.maxValueBytes, 'x')
  await store.set(key, largest, LONG)
  expect((await store.get(key))?.bytes).toHaveLength(1_048_064)
  await store.delete(key)
})

test('a larger value is refused before anything is sent, and the old one stays', async () => {
  const store = openStore({ servers })
  const key = 'limits:too-large'
  await store.set(key, Buffer.from('old'), LONG)
  const version = (await store.get(key))?.version ?? {}
  const tooLarge = Buffer.alloc(store.limits.maxValueBytes + 1)
  for (const call of [
    store.set(key, tooLarge, LONG),
    store.add(key, tooLarge, LONG),
    store.replace(key, tooLarge, LONG, version),
  ]) {
    await expect(call).rejects.toMatchObject({ code: 'ERR_CACHE_TOO_LARGE' })
  }
  expect(Buffer.from((await store.get(key))?.bytes ?? []).toString()).toBe('old')
})

test("a value that only the server finds too large is told by the server's answer", async () => {
  const server = await startMemcached('-I', '512k')
  onTestFinished(() => server.stop())
  const store = openStore({ servers: [server.address], timeout: 2_000 })
  const call = store.set('key', Buffer.alloc(600_000), LONG)
  await expect(call).rejects.toMatchObject({
    code: 'ERR_CACHE_TOO_LARGE',
    message: expect.stringContaining('-I'),
  })
})

test('values of several megabytes pass where the server takes them', async () => {
  const server = await startMemcached('-I', '16m', '-m', '256')
  onTestFinished(() => server.stop())
  const store = openStore({ servers: [server.address], maxValueBytes: 8_000_000, timeout: 5_000 })
  const value = Buffer.from(Array.from({ length: 8_000_000 }, (_, index) => (index * 31) % 251))
  await store.set('key', value, LONG)
  const [one, many] = await Promise.all([store.get('key'), store.getMany(['key'])])
  expect(value.equals(one?.bytes ?? new Uint8Array())).toBe(true)
  expect(value.equals((many[0] as { bytes: Uint8Array }).bytes)).toBe(true)
})

test('more requests than the queue takes are refused at once, and it takes more when it has emptied', async () => {
  let silent = true
  const server = await openServer((request, socket) => {
    if (!silent) socket.write(reply(request, { status: 1 }))
  })
  const store = openStore({ servers: [server.address], maxQueue: 3, timeout: 100 })
  const calls = [store.get('a'), store.getMany(['b', 'c']), store.get('d')]
  await expect(store.get('e')).rejects.toMatchObject({
    code: 'ERR_CACHE_QUEUE_FULL',
    message: expect.stringContaining('maxQueue'),
  })
  expect(await store.getMany(['f'])).toEqual([expect.objectContaining({ code: 'ERR_CACHE_QUEUE_FULL' })])
  await Promise.allSettled(calls)
  silent = false
  expect(await Promise.all([store.get('a'), store.get('b'), store.get('c')])).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(server.requests.map(({ key }) => key)).not.toContain('e')
})

test('the limits are those of a memcached that was told nothing', () => {
  expect(memcachedStore('memcached://localhost').limits).toEqual({ maxValueBytes: 1_048_064, ttlStep: 1_000 })
})
