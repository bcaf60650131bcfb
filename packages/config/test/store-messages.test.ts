import { describe, expect, it } from 'vitest'
import { opened, problemsOf } from './opened.js'

const TYPES = "'lru', 'redis', 'memcached', 'tiered', 'migrating', 'none'"
const FORMS =
  'a cache URL has one of the forms memory:, redis://user:password@host:6379/0, rediss://user:password@host:6379/0, memcached://host1:11211,host2:11211, none:'
const SHARED = "a store that processes share, of type 'redis', 'memcached' or 'migrating'"
const MOVED = "a store that processes share, of type 'redis' or 'memcached'"

/** A config and all that is wrong with it. */
type Row = readonly [config: unknown, ...problems: readonly string[]]

function expectAll(rows: readonly Row[]): void {
  it.each(rows)('%o', async (config, ...problems) => {
    expect(await problemsOf(config)).toEqual(problems)
  })
}

describe('What is no cache is told', () => {
  const cache = "expected an object with the settings of a cache, such as { type: 'lru', ttl: '5m' }"
  expectAll([
    [undefined, `: ${cache}; received nothing`],
    [null, `: ${cache}; received nothing`],
    ['memory:', `: ${cache}; received a text, which is not shown`],
    ['redis://user:hunter2@host', `: ${cache}; received a text, which is not shown`],
    ['', `: ${cache}; received a text, which is not shown`],
    [5, `: ${cache}; received 5`],
    [[], `: ${cache}; received an empty list`],
    [[{ type: 'lru' }], `: ${cache}; received a list`],
    [[{}], `: ${cache}; received a list`],
    [new Map(), `: ${cache}; received Map(0) {}`],
  ])
})

describe('A store without a type is told', () => {
  expectAll([
    [{}, `type: expected a type or a url: ${TYPES}; received nothing`],
    [{ ttl: '5m' }, `type: expected a type or a url: ${TYPES}; received nothing`],
    [{ type: 5 }, `type: expected a type or a url: ${TYPES}; received 5`],
    [{ type: null }, `type: expected a type or a url: ${TYPES}; received null`],
    [{ type: ['lru'] }, `type: expected a type or a url: ${TYPES}; received a list`],
    [{ type: {} }, `type: expected a type or a url: ${TYPES}; received an empty object`],
    [{ tpye: 'lru' }, "tpye: unknown name 'tpye'; did you mean 'type'?"],
    [{ urll: 'memory:' }, "urll: unknown name 'urll'; did you mean 'url'?"],
    [
      { type: 'tiered', remote: { ulr: 'redis://host' } },
      "remote.ulr: unknown name 'ulr'; did you mean 'url'?",
    ],
    [
      { type: 'tiered', remote: {} },
      "remote.type: expected a type or a url: 'redis', 'memcached', 'migrating', 'none'; received nothing",
    ],
    [
      { type: 'migrating', to: {}, from: {} },
      "to.type: expected a type or a url: 'redis', 'memcached'; received nothing",
      "from.type: expected a type or a url: 'redis', 'memcached'; received nothing",
    ],
  ])
})

describe('An unknown type is told, with the one that was meant', () => {
  const known = `expected ${TYPES}, or the name of an installed package with a store`
  expectAll([
    [{ type: 'redsi' }, `type: ${known}; received 'redsi'; did you mean 'redis'?`],
    [{ type: 'Memcache' }, `type: ${known}; received 'Memcache'; did you mean 'memcached'?`],
    [{ type: 'tierd' }, `type: ${known}; received 'tierd'; did you mean 'tiered'?`],
    [{ type: 'dynamodb-store' }, `type: ${known}; received 'dynamodb-store'. Is the package installed?`],
    [{ type: '@acme/dynamodb' }, `type: ${known}; received '@acme/dynamodb'. Is the package installed?`],
    [{ type: 'no such name' }, `type: ${known}; received 'no such name'. Is the package installed?`],
    [{ type: '' }, `type: ${known}; received ''. Is the package installed?`],
    [{ type: 'constructor' }, `type: ${known}; received 'constructor'. Is the package installed?`],
    [
      { type: 'redis://host' },
      `type: ${known}; received 'redis://host'; did you mean 'url' instead of 'type'?`,
    ],
    [
      { type: 'redis://u:hunter2@h' },
      `type: ${known}; received 'redis://***@h'; did you mean 'url' instead of 'type'?`,
    ],
    [{ type: 'memory' }, `type: ${known}; received 'memory'; did you mean 'lru'?`],
    [{ type: 'map' }, `type: ${known}; received 'map'; did you mean 'lru'?`],
    [{ type: 'valkey' }, `type: ${known}; received 'valkey'; did you mean 'redis'?`],
    [{ type: 'off' }, `type: ${known}; received 'off'; did you mean 'none'?`],
    [
      { type: 'stores/mine.js' },
      `type: ${known}; received 'stores/mine.js'; did you mean './stores/mine.js'?`,
    ],
    [
      { type: 'stores/deep/mine.mjs' },
      `type: ${known}; received 'stores/deep/mine.mjs'; did you mean './stores/deep/mine.mjs'?`,
    ],
  ])
})

describe('A URL that says nothing of a store is told', () => {
  expectAll([
    [{ url: 'http://host' }, `url: ${FORMS}; received the scheme 'http:'`],
    [{ url: 'redsi://host' }, `url: ${FORMS}; received the scheme 'redsi:'; did you mean redis://host:6379?`],
    [
      { url: 'localhost:6379' },
      `url: ${FORMS}; received the scheme 'localhost:'; did you mean redis://localhost:6379?`,
    ],
    [
      { url: 'cache:11211' },
      `url: ${FORMS}; received the scheme 'cache:'; did you mean memcached://cache:11211?`,
    ],
    [{ url: 'memory' }, `url: ${FORMS}; received 'memory'; did you mean memory:?`],
    [{ url: '' }, `url: ${FORMS}; received ''`],
    [{ url: null }, `url: ${FORMS}; received null`],
    [{ url: 6379 }, `url: ${FORMS}; received 6379`],
    [{ url: '//user:hunter2@host' }, `url: ${FORMS}; received '//***@host'`],
    [
      { url: 'memory:?max=1' },
      "url: expected memory: or memory:?maxEntries=10000, an integer from 1 to 16777216; received 'memory:?max=1'",
    ],
    [{ url: 'none:?why=not' }, "url: expected none:; received 'none:?why=not'"],
    [{ type: 'tiered', remote: 'http://host' }, `remote: ${FORMS}; received the scheme 'http:'`],
    [{ type: 'tiered', remote: { url: 'http://host' } }, `remote.url: ${FORMS}; received the scheme 'http:'`],
    [
      { type: 'tiered', remote: 'redis://user:hunter2@host/x' },
      "remote.url: expected a URL redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; received 'redis://***@host/x'",
    ],
  ])
})

it('A type that is undefined is none: the url says it', async () => {
  expect(await problemsOf({ type: undefined, url: 'memory:', ttl: -1 })).toEqual([
    "ttl: expected a duration from 0 ms to ten years: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
  ])
})

describe('A store where another kind belongs is told', () => {
  expectAll([
    [{ type: 'tiered', remote: 'memory:' }, `remote.type: expected ${SHARED}; received 'lru'`],
    [
      { type: 'tiered', remote: { type: 'tiered', remote: 'redis://host' } },
      `remote.type: expected ${SHARED}; received 'tiered'`,
    ],
    [
      { type: 'tiered', local: 'redis://host', remote: 'redis://host' },
      "local.type: expected a store in this process, of type 'lru'; received 'redis'",
    ],
    [
      { type: 'migrating', to: 'memory:', from: 'none:' },
      `to.type: expected ${MOVED}; received 'lru'`,
      `from.type: expected ${MOVED}; received 'none'`,
    ],
    [
      {
        type: 'tiered',
        remote: { type: 'migrating', to: { type: 'migrating' }, from: 'redis://host' },
      },
      `remote.to.type: expected ${MOVED}; received 'migrating'`,
    ],
  ])
})

describe('A name that a store has not is told, with the nearest or all', () => {
  const settings =
    'enabled, ttl, grace, negativeTtl, jitter, version, hardTimeout, softTimeout, beta, codec, compression, schema, namespaces, prefix, clone, guard, bus, maxLocalStaleness, onUndelivered, claimTtl, storeTimeout, breaker, $schema'
  expectAll([
    [{ type: 'lru', tll: 5 }, "tll: unknown name 'tll'; did you mean 'ttl'?"],
    [{ type: 'lru', MaxEntires: 5 }, "MaxEntires: unknown name 'MaxEntires'; did you mean 'maxEntries'?"],
    [{ type: 'redis', prot: 6379 }, "prot: unknown name 'prot'; did you mean 'port'?"],
    [{ type: 'lru', $shema: '' }, "['$shema']: unknown name '$shema'; did you mean '$schema'?"],
    [{ type: 'none', eviction: 1 }, `eviction: unknown name 'eviction'. Known: ${settings}`],
    [
      { type: 'lru', eviction: 1 },
      `eviction: unknown name 'eviction'. Known: maxEntries, maxSize, sizeOf, ${settings}`,
    ],
    [
      { type: 'redis', eviction: 1 },
      `eviction: unknown name 'eviction'. Known: url, host, port, username, password, db, tls, maxValueBytes, connectTimeout, commandTimeout, socketTimeout, ${settings}`,
    ],
    [
      { type: 'memcached', eviction: 1 },
      `eviction: unknown name 'eviction'. Known: url, servers, username, password, timeout, connectTimeout, maxQueue, maxValueBytes, dialect, ${settings}`,
    ],
    [
      { type: 'tiered', remote: 'redis://host', eviction: 1 },
      `eviction: unknown name 'eviction'. Known: local, remote, ${settings}`,
    ],
    [
      { type: 'migrating', to: 'redis://a', from: 'redis://b', eviction: 1 },
      `eviction: unknown name 'eviction'. Known: to, from, phase, timeout, keepFor, ${settings}`,
    ],
    [
      { type: 'tiered', local: { type: 'lru', eviction: 1 }, remote: 'redis://host' },
      "local.eviction: unknown name 'eviction'. Known: maxEntries, maxSize, sizeOf",
    ],
    [
      { type: 'lru', guard: { eviction: 1 } },
      "guard.eviction: unknown name 'eviction'. Known: backOff, earlyRefresh, staleWhileRevalidate, limitLoads, claimed",
    ],
    [
      { type: 'lru', guard: { backoff: {} } },
      "guard.backoff: unknown name 'backoff'; did you mean 'backOff'?",
    ],
    [
      { type: 'lru', guard: { claimed: { poll: { mim: 1 } } } },
      "guard.claimed.poll.mim: unknown name 'mim'; did you mean 'min'?",
    ],
    [
      { type: 'lru', breaker: { failurs: 1 } },
      "breaker.failurs: unknown name 'failurs'; did you mean 'failures'?",
    ],
    [
      { type: 'memcached', dialect: { text: 0, txet: 1 } },
      "dialect.txet: unknown name 'txet'; did you mean 'text'?",
    ],
    [
      { type: 'tiered', remote: 'redis://host', bus: { hots: 'a' } },
      "bus.hots: unknown name 'hots'; did you mean 'host'?",
    ],
    [
      JSON.parse('{ "type": "lru", "__proto__": {} }'),
      `__proto__: unknown name '__proto__'. Known: maxEntries, maxSize, sizeOf, ${settings}`,
    ],
  ])
})

describe('A setting of the cache that stands in a store within it is told', () => {
  const told = (path: string, name: string) =>
    `${path}.${name}: ${name} is a setting of the cache, not of a store within it`
  expectAll([
    [
      { type: 'tiered', local: { type: 'lru', ttl: '5m', maxEntries: 5 }, remote: 'redis://host' },
      told('local', 'ttl'),
    ],
    [
      {
        type: 'tiered',
        local: { url: 'memory:', prefix: 'a b' },
        remote: { url: 'redis://host', grace: -1 },
      },
      told('local', 'prefix'),
      told('remote', 'grace'),
    ],
    [
      {
        type: 'tiered',
        remote: { type: 'memcached', servers: ['host'], bus: false, guard: {}, namespaces: {} },
      },
      told('remote', 'bus'),
      told('remote', 'guard'),
      told('remote', 'namespaces'),
    ],
    [
      {
        type: 'tiered',
        remote: { type: 'migrating', breaker: false, to: { type: 'redis', jitter: 0 }, from: 'redis://host' },
      },
      told('remote', 'breaker'),
      told('remote.to', 'jitter'),
    ],
    [
      {
        type: 'migrating',
        to: 'redis://a',
        from: { url: 'memcached://b', enabled: true, prot: 1, eviction: 1 },
      },
      told('from', 'enabled'),
      "from.prot: unknown name 'prot'. Known: url, servers, username, password, timeout, connectTimeout, maxQueue, maxValueBytes, dialect",
      "from.eviction: unknown name 'eviction'. Known: url, servers, username, password, timeout, connectTimeout, maxQueue, maxValueBytes, dialect",
    ],
  ])

  it('but not what both have', async () => {
    await opened({
      type: 'tiered',
      remote: {
        type: 'migrating',
        to: { url: 'redis://127.0.0.1:1', connectTimeout: '1s' },
        from: { type: 'memcached', servers: ['127.0.0.1:1'], timeout: '1s' },
        timeout: '1s',
      },
      storeTimeout: '1s',
    })
  })
})

describe('A setting that must be there is not told as missing where its name was misspelled', () => {
  const concurrency = 'guard.limitLoads.concurrency: expected an integer from 1; received nothing'
  expectAll([
    [
      { type: 'lru', compression: { treshold: 1 } },
      "compression.treshold: unknown name 'treshold'; did you mean 'threshold'?",
    ],
    [
      { type: 'lru', guard: { limitLoads: { concurency: 1 } } },
      "guard.limitLoads.concurency: unknown name 'concurency'; did you mean 'concurrency'?",
    ],
    [
      { type: 'memcached', dialect: { txt: 1, json: 2 } },
      "dialect.txt: unknown name 'txt'; did you mean 'text'?",
    ],
    [
      { type: 'lru', namespaces: { a: { compression: { Threshold: 1 } } } },
      "namespaces.a.compression.Threshold: unknown name 'Threshold'; did you mean 'threshold'?",
    ],
    // It is told where another name was misspelled, or nothing is near it.
    [
      { type: 'lru', guard: { limitLoads: { qeue: 1 } } },
      concurrency,
      "guard.limitLoads.qeue: unknown name 'qeue'; did you mean 'queue'?",
    ],
    [
      { type: 'lru', guard: { limitLoads: { most: 1 } } },
      concurrency,
      "guard.limitLoads.most: unknown name 'most'. Known: concurrency, queue, per",
    ],
    [
      { type: 'lru', compression: { threshold: -1, treshold: 1 } },
      'compression.threshold: expected an integer from 0; received -1',
      "compression.treshold: unknown name 'treshold'; did you mean 'threshold'?",
    ],
    [
      { type: 'lru', guard: { limitLoads: {} }, compression: { treshold: 1 } },
      "compression.treshold: unknown name 'treshold'; did you mean 'threshold'?",
      concurrency,
    ],
  ])
})

describe('The items of a list are told by their number', () => {
  const server = "'host' or 'host:port', with a port from 1 to 65535"
  expectAll([
    [
      { type: 'memcached', servers: [] },
      "servers: expected a list of at least one 'host:port'; received an empty list",
    ],
    [
      { type: 'memcached', servers: ['a', 'b:c', 5, 'd:0', 'e:65536', 'user:hunter2@f', ''] },
      `servers[1]: expected ${server}; received 'b:c'`,
      `servers[2]: expected ${server}; received 5`,
      `servers[3]: expected ${server}; received 'd:0'`,
      `servers[4]: expected ${server}; received 'e:65536'`,
      `servers[5]: expected ${server}; received '***@f'`,
      `servers[6]: expected ${server}; received ''`,
    ],
  ])
})

describe('Settings that contradict each other are told', () => {
  expectAll([
    [
      { type: 'lru', maxSize: 5 },
      'maxSize: maxSize needs sizeOf, which only a program can give; in a file use maxEntries, or write it as lookaside.config.js',
    ],
    [{ type: 'lru', sizeOf: () => 1 }, 'sizeOf: sizeOf has no effect without maxSize; give both or neither'],
    [
      { type: 'memcached', url: 'memcached://a', servers: ['b'] },
      'servers: url names the servers already; give one of the two',
    ],
    [{ type: 'memcached', username: 'ada' }, 'username: username and password go together; give both'],
    [{ type: 'memcached', password: 'hunter2' }, 'password: username and password go together; give both'],
    [
      { type: 'lru', bus: 'pubsub' },
      "bus: a bus tells other processes, which see nothing of a store of type 'lru'; use type 'tiered', or leave the bus out",
    ],
    [
      { type: 'tiered', remote: 'memcached://host', bus: 'tracking' },
      "bus: the bus needs a Redis, and the store has none; give its url: { url: 'redis://host:6379' }",
    ],
    [
      { type: 'tiered', remote: 'memcached://host', bus: { heartbeat: '5s' } },
      "bus: the bus needs a Redis, and the store has none; give its url: { url: 'redis://host:6379' }",
    ],
    [
      { type: 'redis', url: 'redis://a', bus: { mode: 'tracking', url: 'redis://b' } },
      "bus.mode: 'tracking' hears of the keys of its own Redis, and the store keeps its keys elsewhere too; use 'pubsub'",
    ],
    [
      {
        type: 'tiered',
        remote: { type: 'migrating', to: 'redis://a', from: 'memcached://b' },
        bus: 'tracking',
      },
      "bus: 'tracking' hears of the keys of its own Redis, and the store keeps its keys elsewhere too; use 'pubsub'",
    ],
    [
      { type: 'tiered', url: 'redis://a', remote: 'redis://a' },
      "url: a store of type 'tiered' has no url; leave out the type where the url is to say it",
    ],
    [
      { type: 'lru', url: 'memory:' },
      "url: a store of type 'lru' has no url; leave out the type where the url is to say it",
    ],
    [
      { type: 'redis', maxLocalStaleness: '5s' },
      "maxLocalStaleness: maxLocalStaleness is for a store of type 'tiered'; this one is of type 'redis'. Leave it out",
    ],
    [
      {
        type: 'lru',
        guard: { backOff: { initial: '5s', max: '1s' }, claimed: { poll: { min: 5, max: 1 } } },
      },
      'guard.backOff.max: max must be at least initial',
      'guard.claimed.poll.max: max must be at least min',
    ],
  ])

  it('but not where one of them is bad by itself', async () => {
    expect(await problemsOf({ type: 'lru', maxSize: 0 })).toEqual([
      'maxSize: expected an integer from 1; received 0',
    ])
    expect(await problemsOf({ type: 'memcached', username: '' })).toEqual([
      "username: expected the name of a user; received ''",
    ])
  })
})
