import { CacheError, isCacheError } from '@lookaside/core'
import { expect, it } from 'vitest'
import { type CachesConfig, ConfigError, cachesFromConfig, cachesFromFile, fromConfig } from '../src/index.js'
import { fileWith } from './files.js'
import { refusal } from './opened.js'

const FROM_0_MS =
  "a duration from 0 ms to ten years: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'"

it('Everything that is wrong in a file is told at once, each with its place, and nothing that only follows', async () => {
  const path = await fileWith(
    'cache.yaml',
    `ttl: soon
url: redis://127.0.0.1:1
prefx: shop
caches:
  sessions:
    ttl: \${SESSION_TTL}
    namespaces:
      users: { gracce: 5m }
      'a b': {}
  catalog:
    type: redsi
    port: 99999
    password: \${CATALOG_PASSWORD}
  pages:
    type: memcached
    url: memcached://a
    servers: [b, 'c:d']
    username: ada
  prices:
    type: tiered
    local: { maxEntries: 5 }
    remote: 'memory:'
    bus: true
  old: { type: migrating, to: 'redis://127.0.0.1:1', from: {}, phase: "\${PHASE}" }
  'bad name': {}
`,
  )
  const { problems, message } = await refusal(
    cachesFromFile(path, ['sessions', 'catalogue'], {}, { PHASE: 'done' }),
  )
  const told = problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
  expect(told).toEqual([
    `1:6 ttl: expected ${FROM_0_MS}; received 'soon'`,
    "3:1 prefx: unknown name 'prefx'; did you mean 'prefix'?",
    "5:3 caches.catalogue: the program asks for it: unknown name 'catalogue'; did you mean 'catalog'?",
    '6:10 caches.sessions.ttl: the environment variable SESSION_TTL is not set; set it, or give a default: ${SESSION_TTL:-default}',
    "8:16 caches.sessions.namespaces.users.gracce: unknown name 'gracce'; did you mean 'grace'?",
    "9:7 caches.sessions.namespaces['a b']: expected a name of letters, digits, '_', '.' and '-'; received 'a b'",
    "11:11 caches.catalog.type: expected 'lru', 'redis', 'memcached', 'tiered', 'migrating', 'none', or the name of an installed package with a store; received 'redsi'; did you mean 'redis'?",
    '13:15 caches.catalog.password: the environment variable CATALOG_PASSWORD is not set; set it, or give a default: ${CATALOG_PASSWORD:-default}',
    '17:14 caches.pages.servers: url names the servers already; give one of the two',
    "17:18 caches.pages.servers[1]: expected 'host' or 'host:port', with a port from 1 to 65535; received 'c:d'",
    '18:15 caches.pages.username: username and password go together; give both',
    "21:12 caches.prices.local.type: expected a type or a url: 'lru'; received nothing",
    "22:13 caches.prices.remote.type: expected a store that processes share, of type 'redis', 'memcached' or 'migrating'; received 'lru'",
    "23:10 caches.prices.bus: expected 'pubsub', 'tracking', false or an object; received true",
    "24:60 caches.old.from.type: expected a type or a url: 'redis', 'memcached'; received nothing",
    "24:71 caches.old.phase: expected 'prepare', 'move' or 'finish'; received the value of ${PHASE}, which is not shown",
    "25:3 caches['bad name']: expected a name of letters, digits, '_', '.' and '-'; received 'bad name'",
  ])
  expect(message).toBe(
    `${path} has ${problems.length} problems:\n${problems
      .map(({ path: at, line, column, message }) => `  - ${at} (${path}:${line}:${column}): ${message}`)
      .join('\n')}`,
  )
})

it('What caches contradict is told of each, where all is right by itself', async () => {
  const path = await fileWith(
    'cache.yaml',
    `url: redis://127.0.0.1:1
bus: tracking
caches:
  a: { prefix: twin, guard: { backOff: { initial: 5s, max: 1s } } }
  b: { prefix: twin, maxLocalStaleness: 5s }
  c: { type: lru, bus: pubsub }
`,
  )
  const { problems } = await refusal(cachesFromFile(path, ['a', 'b', 'c']))
  expect(problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)).toEqual([
    '4:60 caches.a.guard.backOff.max: max must be at least initial',
    "5:16 caches.b.prefix: 'twin' is the prefix of caches.a too, on the same server: they would share their keys. Give each its own",
    "5:41 caches.b.maxLocalStaleness: maxLocalStaleness is for a store of type 'tiered'; this one is of type 'redis'. Leave it out",
    "6:24 caches.c.bus: a bus tells other processes, which see nothing of a store of type 'lru'; use type 'tiered', or leave the bus out",
  ])
})

it('Everything that is wrong in an object is told at once', async () => {
  const config = {
    ttl: -1,
    caches: {
      a: { type: 'lru', tll: 5, maxEntries: '${SIZE}' },
      b: 5,
      c: { type: 'tiered', remote: 'redis://user:hunter2@host/x', local: 'redis://host' },
      d: 'redsi://host',
    },
  }
  const { message, problems } = await refusal(cachesFromConfig(config as unknown as CachesConfig, {}, {}))
  expect(message).toBe(`cachesFromConfig has 7 problems:
  - caches.a.maxEntries: the environment variable SIZE is not set; set it, or give a default: \${SIZE:-default}
  - ttl: expected ${FROM_0_MS}; received -1
  - caches.a.tll: unknown name 'tll'; did you mean 'ttl'?
  - caches.b: expected an object with the type or the url of a store; received 5
  - caches.c.local.type: expected a store in this process, of type 'lru'; received 'redis'
  - caches.c.remote.url: expected a URL redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; received 'redis://***@host/x'
  - caches.d: a cache URL has one of the forms memory:, redis://user:password@host:6379/0, rediss://user:password@host:6379/0, memcached://host1:11211,host2:11211, none:; received the scheme 'redsi:'; did you mean redis://host:6379?`)
  expect(
    problems.every(
      ({ file, line, column }) => file === undefined && line === undefined && column === undefined,
    ),
  ).toBe(true)
})

it('One problem is told in one line', async () => {
  const { message } = await refusal(fromConfig({ type: 'lru', ttl: 'soon' } as never))
  expect(message).toBe(`fromConfig: ttl: expected ${FROM_0_MS}; received 'soon'`)
})

it('The error is a CacheError with the problems, and says what it was caused by', () => {
  const cause = new Error('why')
  const problems = [{ path: 'ttl', message: 'bad', file: 'a.yaml', line: 2, column: 6 }]
  const error = new ConfigError('a.yaml', problems, { cause })
  expect(error).toBeInstanceOf(CacheError)
  expect(isCacheError(error, 'ERR_CACHE_CONFIG')).toBe(true)
  expect(error).toMatchObject({ message: 'a.yaml: ttl (a.yaml:2:6): bad', problems, cause })
  expect(
    new ConfigError('a.yaml', [{ path: '', message: 'bad', file: 'a.yaml', line: 2, column: 6 }]).message,
  ).toBe('a.yaml: the config (a.yaml:2:6): bad')
  expect(new ConfigError('fromConfig', [{ path: '', message: 'bad' }]).message).toBe('fromConfig: bad')
})
