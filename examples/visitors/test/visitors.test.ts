import { createCache } from '@lookaside/core'
import { redisStore } from '@lookaside/redis'
import { expect, inject, test, vi } from 'vitest'
import { runExample } from '../../../tests/servers/run-example.js'

const backend = (name: string) =>
  `${name}\n {2}increment {7}2400 of 2400 {3}exact\n {2}get, then set +(\\d+) of 2400 {3}(\\d+) lost\n`
const printed = new RegExp(
  `^6 doors, a process at each, 400 visitors through each\n\n${backend('redis')}${backend('memcached')}$`,
)

function expectLosses(output: string): void {
  expect(output).toMatch(printed)
  const [, ...losses] = (printed.exec(output) ?? []).map(Number)
  const [redis = 0, lostOnRedis = 0, memcached = 0, lostOnMemcached = 0] = losses
  expect(redis + lostOnRedis).toBe(2_400)
  expect(memcached + lostOnMemcached).toBe(2_400)
  expect(lostOnRedis).toBeGreaterThan(0)
  expect(lostOnMemcached).toBeGreaterThan(0)
}

test('six processes count exactly on Redis and on memcached; get and then set loses visitors', async () => {
  const { output, errors, code } = await runExample('visitors', ['redis', 'memcached'])
  expect({ errors, code }).toEqual({ errors: '', code: 0 })
  expectLosses(output)
})

test('it counts from new, whatever an earlier run has left', async () => {
  vi.stubEnv('REDIS_URL', inject('redisUrl'))
  vi.stubEnv('MEMCACHED_SERVERS', inject('memcachedServers'))
  const earlier = createCache({
    store: redisStore(inject('redisUrl')),
    prefix: 'visitors',
    storeTimeout: '5s',
  })
  await earlier.set('exact', 'no counter')
  await earlier.increment('careless', 5)
  await earlier.close()
  const { output, errors, code } = await runExample('visitors')
  expect({ errors, code }).toEqual({ errors: '', code: 0 })
  expectLosses(output)
})

test('it says so when there is no server', async () => {
  vi.stubEnv('REDIS_URL', 'redis://127.0.0.1:1')
  const { output, errors, code } = await runExample('visitors')
  expect({ output, code }).toEqual({
    output: '6 doors, a process at each, 400 visitors through each\n\n',
    code: 1,
  })
  expect(errors).toContain('Redis at 127.0.0.1:1 did not answer')
})
