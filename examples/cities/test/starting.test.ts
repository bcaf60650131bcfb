import { fork } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type Environment, fromUrl } from '@lookaside/config'
import { expect, onTestFinished, test } from 'vitest'
import { checkArguments } from '../src/arguments.js'
import { cacheReport } from '../src/cache-report.js'
import type { Database } from '../src/database.js'
import { portFrom } from '../src/port.js'
import { serve } from '../src/serve.js'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const PROGRAM = fileURLToPath(new URL('../dist/demo.js', import.meta.url))

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

test('where the cache comes from is said, without a password', async () => {
  const cache = await openCache('memory:')
  const reported = (env: Environment) => cacheReport(cache, env)
  expect(await reported({})).toEqual(['memory, without CACHE_CONFIG or CACHE_URL'])
  expect(await reported({ CACHE_URL: 'redis://me:s3@cret@host:6379/0' })).toEqual(['at redis://host:6379/0'])
  expect(await reported({ CACHE_URL: ' memory: ' })).toEqual(['at memory:'])
  expect(await reported({ CACHE_CONFIG: 'cache.yaml', CACHE_URL: 'redis://me:s3cret@host' })).toEqual([
    'from cache.yaml',
  ])
})

test('a cache that cannot be reached is warned of', async () => {
  const url = 'redis://:s3cret@127.0.0.1:1/0'
  const [source, ...warnings] = await cacheReport(await openCache(url), { CACHE_URL: url })
  expect(source).toBe('at redis://127.0.0.1:1/0')
  expect(warnings).toEqual([
    expect.stringMatching(/^Redis at 127\.0\.0\.1:1 did not answer within \d+ ms: .*ECONNREFUSED/),
    'Until it answers, every answer comes from the database.',
  ])
  expect(warnings.join()).not.toContain('s3cret')
})

test.each([
  [{ CACHE_CONFIG: 'nowhere.yaml' }, /^nowhere\.yaml: there is no such file/],
  [
    { CACHE_CONFIG: 'examples/cities/cache.config.redis.yaml', CACHE_URL: 'memcached://host' },
    /cache\.config\.redis\.yaml:3:6\): expected a URL redis:.*received the value of \$\{CACHE_URL\}/,
  ],
  [{ CACHE_CONFIG: ' ' }, /^CACHE_CONFIG must be the path of a config file .*; received ' '/],
  [{ CACHE_URL: 'mongodb://host' }, /^CACHE_URL: a cache URL has one of the forms/],
])('started in the root with %j the program says what is wrong, and ends', async (env, message) => {
  const options = { cwd: ROOT, env: { ...process.env, PORT: '0', ...env }, stdio: 'pipe' } as const
  const program = fork(PROGRAM, ['--serve'], options)
  let said = ''
  program.stderr?.on('data', chunk => {
    said += chunk
  })
  const [code] = await once(program, 'close')
  expect(code).toBe(1)
  expect(said).toMatch(message)
})
