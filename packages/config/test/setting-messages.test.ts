import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CACHE_SHAPE } from '../src/schema/cache-settings.js'
import { VALUE_SHAPE } from '../src/schema/value-settings.js'
import { LRU_SHAPE } from '../src/stores/lru.js'
import { MEMCACHED_SHAPE } from '../src/stores/memcached.js'
import { MIGRATING_SHAPE } from '../src/stores/migrating.js'
import { NONE_SHAPE } from '../src/stores/none.js'
import { REDIS_SHAPE } from '../src/stores/redis.js'
import { TIERED_SHAPE } from '../src/stores/tiered.js'
import { problemsOf } from './opened.js'

/** The path of a setting, what is expected there, and bad values with the words for each. */
type Row = readonly [
  path: string,
  expected: string,
  ...bad: readonly (readonly [value: unknown, shown: string])[],
]

const SPELLED = "milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'"
const FROM_0_MS = `a duration from 0 ms to ten years: ${SPELLED}`
const FROM_1_MS = `a duration from 1 ms to ten years: ${SPELLED}`
const OF_A_TIMER = `a duration from 1 ms to 24 days: ${SPELLED}`
const OF_HALF_AN_HOUR = `a duration from 1 ms to 1800000 ms: ${SPELLED}`
const REDIS_URL = 'a URL redis://[[user]:password@]host[:port][/database], or rediss:// for TLS'
const FLAGS = 'an integer from 0 to 4294967295'

const VALUE_ROWS: readonly Row[] = [
  [
    'ttl',
    FROM_0_MS,
    ['soon', "'soon'"],
    ['', "''"],
    ['-5m', "'-5m'"],
    ['3651d', "'3651d'"],
    [-1, '-1'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [null, 'null'],
    [true, 'true'],
    [[], 'an empty list'],
    [['5m'], 'a list'],
    [{ minutes: 5 }, 'an object'],
  ],
  ['grace', FROM_0_MS, ['5 m', "'5 m'"]],
  ['negativeTtl', FROM_0_MS, ['never', "'never'"]],
  ['hardTimeout', FROM_1_MS, [0, '0'], ['0s', "'0s'"], ['5x', "'5x'"]],
  ['softTimeout', FROM_0_MS, ['1e3', "'1e3'"]],
  ['jitter', 'a number from 0 to 1', [1.1, '1.1'], [-0.1, '-0.1'], ['0.5', "'0.5'"]],
  ['version', 'an integer from 0 to 4294967295', [-1, '-1'], [1.5, '1.5'], [2 ** 32, '4294967296']],
  ['beta', 'a number from 0', [-1, '-1'], ['1', "'1'"]],
  [
    'codec',
    "'auto', 'json', 'structured', 'raw', 'raw-json' or 'raw-bytes'",
    ['jsn', "'jsn'"],
    [{ encode: 1 }, 'an object'],
    [5, '5'],
  ],
  ['compression', 'true, false or { threshold: bytes }', ['yes', "'yes'"], [1, '1']],
  ['compression.threshold', 'an integer from 0', [-1, '-1'], ['1kb', "'1kb'"], [undefined, 'nothing']],
  [
    'schema',
    'a Standard Schema, such as one of zod, which only a program can give',
    ['user', "'user'"],
    [{}, 'an empty object'],
    [{ parse: 1 }, 'an object'],
  ],
]

const CACHE_ROWS: readonly Row[] = [
  ...VALUE_ROWS,
  ['enabled', 'true or false', ['yes', "'yes'"], ['true', "'true'"], [0, '0']],
  [
    'namespaces',
    'an object of namespaces by name',
    [[], 'an empty list'],
    ['users', "'users'"],
    [null, 'null'],
  ],
  [
    'prefix',
    "a name of letters, digits, '_', '.' and '-', at most 100 long, or '' for keys that other programs share",
    ['a b', "'a b'"],
    ['a:b', "'a:b'"],
    ['x'.repeat(101), `'${'x'.repeat(76)}…`],
    [5, '5'],
  ],
  ['clone', "'structured' or 'freeze'", ['deep', "'deep'"], [true, 'true']],
  [
    'guard',
    'false, or an object with the parts of stampedeGuard()',
    [true, 'true'],
    ['none', "'none'"],
    [[], 'an empty list'],
  ],
  ['guard.backOff', 'false or an object', [true, 'true'], [5, '5']],
  ['guard.backOff.initial', OF_HALF_AN_HOUR, [0, '0'], ['31m', "'31m'"]],
  ['guard.backOff.max', OF_HALF_AN_HOUR, ['1h', "'1h'"]],
  ['guard.earlyRefresh', 'false or an object', [true, 'true']],
  ['guard.earlyRefresh.beta', 'a number from 0', [-1, '-1']],
  ['guard.staleWhileRevalidate', 'false or an object', ['5s', "'5s'"]],
  ['guard.staleWhileRevalidate.softTimeout', FROM_0_MS, ['soon', "'soon'"]],
  ['guard.limitLoads', 'false or an object', [10, '10']],
  ['guard.limitLoads.concurrency', 'an integer from 1', [0, '0'], [undefined, 'nothing']],
  ['guard.limitLoads.queue', 'an integer from 0', [-1, '-1']],
  ['guard.limitLoads.per', "'cache' or 'namespace'", ['key', "'key'"]],
  ['guard.claimed', 'false or an object', [true, 'true']],
  ['guard.claimed.ttl', FROM_1_MS, [0, '0']],
  ['guard.claimed.wait', FROM_1_MS, ['0ms', "'0ms'"]],
  ['guard.claimed.poll', 'an object', [5, '5'], [null, 'null']],
  ['guard.claimed.poll.min', FROM_1_MS, [0, '0']],
  ['guard.claimed.poll.max', FROM_1_MS, ['later', "'later'"]],
  ['bus', "'pubsub', 'tracking', false or an object", ['pub', "'pub'"], [true, 'true']],
  ['bus.mode', "'pubsub' or 'tracking'", ['both', "'both'"]],
  ['bus.url', REDIS_URL, ['localhost', "'localhost'"]],
  [
    'bus.host',
    'the name or IP address of a server, without its port',
    ['', "''"],
    ['cache:6379', "'cache:6379'"],
  ],
  ['bus.port', 'an integer from 1 to 65535', [0, '0']],
  ['bus.username', 'the name of a user', ['', "''"]],
  ['bus.password', 'a string', [5, 'a number, which is not shown']],
  ['bus.db', 'an integer from 0', [-1, '-1']],
  ['bus.tls', 'true, false or an object with options of tls.connect', ['yes', "'yes'"]],
  ['bus.heartbeat', OF_A_TIMER, [0, '0'], ['25d', "'25d'"]],
  ['bus.connectTimeout', OF_A_TIMER, [0, '0']],
  ['bus.socketTimeout', OF_A_TIMER, [0, '0']],
  ['maxLocalStaleness', FROM_1_MS, [0, '0']],
  ['onUndelivered', "'queue' or 'reject'", ['throw', "'throw'"]],
  ['claimTtl', FROM_1_MS, [0, '0']],
  ['storeTimeout', FROM_1_MS, ['fast', "'fast'"]],
  ['breaker', 'false or { failures, probeEvery }', [true, 'true'], [5, '5']],
  ['breaker.failures', 'an integer from 1', [0, '0'], ['5', "'5'"]],
  ['breaker.probeEvery', FROM_1_MS, [0, '0']],
]

const LRU_ROWS: readonly Row[] = [
  ['maxEntries', 'an integer from 1 to 16777216', [0, '0'], [16_777_217, '16777217'], ['100', "'100'"]],
  ['maxSize', 'an integer from 1', [0, '0']],
  ['sizeOf', 'a function of a value and its key, which only a program can give', [5, '5']],
]

const REDIS_ROWS: readonly Row[] = [
  [
    'url',
    REDIS_URL,
    ['http://host', "'http://host'"],
    ['redis://', "'redis://'"],
    ['redis://host/x', "'redis://host/x'"],
    ['redis://host?db=1', "'redis://host?db=1'"],
    ['redis://host#1', "'redis://host#1'"],
    ['redis://host:99999', "'redis://host:99999'"],
    ['redis://user:pass%zz@host', "'redis://***@host'"],
    ['user:hunter2@host', "'***@host'"],
    [6379, '6379'],
  ],
  [
    'host',
    'the name or IP address of a server, without its port',
    ['', "''"],
    ['cache:6379', "'cache:6379'"],
    ['a b', "'a b'"],
    ['cache/0', "'cache/0'"],
    ['redis://cache', "'redis://cache'"],
    ['user:hunter2@cache', "'***@cache'"],
    ['[::1]:6379', "'[::1]:6379'"],
    [['a', 'b'], 'a list'],
  ],
  ['port', 'an integer from 1 to 65535', [65_536, '65536'], ['6379', "'6379'"]],
  ['username', 'the name of a user', ['', "''"], [5, '5']],
  [
    'password',
    'a string',
    [12_345, 'a number, which is not shown'],
    [true, 'a boolean, which is not shown'],
    [new Date(), 'an object, which is not shown'],
    [['hunter2'], 'a list'],
    [{ from: 'hunter2' }, 'an object'],
  ],
  ['db', 'an integer from 0', [-1, '-1'], ['0', "'0'"]],
  ['tls', 'true, false or an object with options of tls.connect', ['on', "'on'"]],
  ['maxValueBytes', 'an integer from 1 to 536870912', [0, '0'], [536_870_913, '536870913']],
  ['connectTimeout', OF_A_TIMER, [0, '0'], ['25d', "'25d'"]],
  ['commandTimeout', OF_A_TIMER, [0, '0']],
  ['socketTimeout', OF_A_TIMER, [0, '0']],
]

const MEMCACHED_ROWS: readonly Row[] = [
  [
    'url',
    'a URL memcached://[user:password@]host[:port][,host[:port]…]',
    ['redis://host', "'redis://host'"],
    ['memcached://host:65536', "'memcached://host:65536'"],
    ['memcached://host:0', "'memcached://host:0'"],
    ['memcached://hunter2@host', "'memcached://***@host'"],
    ['memcached://a,b/path', "'memcached://a,b/path'"],
  ],
  ['servers', "a list of 'host:port'", ['host', "'host'"], [{ host: 'a' }, 'an object']],
  ['username', 'the name of a user', ['', "''"]],
  [
    'password',
    'a string that is not empty',
    ['', 'a string, which is not shown'],
    [5, 'a number, which is not shown'],
  ],
  ['timeout', OF_A_TIMER, [0, '0']],
  ['connectTimeout', OF_A_TIMER, ['25d', "'25d'"]],
  ['maxQueue', 'an integer from 1 to 1000000', [0, '0']],
  ['maxValueBytes', 'an integer from 1 to 1073741824', [2 ** 30 + 1, '1073741825']],
  [
    'dialect',
    "'plain', 'python', 'php', 'ruby', 'java', 'dotnet' or { text: flags }",
    ['perl', "'perl'"],
    [16, '16'],
  ],
  ['dialect.text', FLAGS, [-1, '-1'], [undefined, 'nothing']],
  ['dialect.json', FLAGS, ['2', "'2'"]],
  ['dialect.bytes', FLAGS, [2 ** 32, '4294967296']],
]

const REMOTE = "a store that processes share, of type 'redis', 'memcached' or 'migrating'"
const MOVED = "a store that processes share, of type 'redis' or 'memcached'"

const TIERED_ROWS: readonly Row[] = [
  ['local', 'an object with the type or the url of a store', [5, '5'], [[], 'an empty list'], [null, 'null']],
  ['remote', REMOTE, [undefined, 'nothing']],
  [
    'remote',
    'an object with the type or the url of a store',
    [5, '5'],
    [[], 'an empty list'],
    [null, 'null'],
  ],
]

const MIGRATING_ROWS: readonly Row[] = [
  ['to', MOVED, [undefined, 'nothing']],
  ['from', MOVED, [undefined, 'nothing']],
  ['to', 'an object with the type or the url of a store', [5, '5'], [null, 'null']],
  ['from', 'an object with the type or the url of a store', [true, 'true']],
  ['phase', "'prepare', 'move' or 'finish'", ['done', "'done'"]],
  ['timeout', FROM_1_MS, [0, '0']],
  ['keepFor', FROM_1_MS, ['0d', "'0d'"]],
]

const REDIS_HERE = 'redis://127.0.0.1:1'

/** The schemas, and what stands around a setting, which is right in itself. */
const TYPES: readonly [
  type: string,
  shape: z.core.$ZodShape,
  rows: readonly Row[],
  around: Record<string, unknown>,
][] = [
  [
    'a cache',
    CACHE_SHAPE,
    CACHE_ROWS,
    { type: 'tiered', remote: REDIS_HERE, guard: { limitLoads: { concurrency: 1 } } },
  ],
  ['lru', LRU_SHAPE, LRU_ROWS, { type: 'lru', maxSize: 1, sizeOf: () => 1 }],
  ['redis', REDIS_SHAPE, REDIS_ROWS, { type: 'redis' }],
  [
    'memcached',
    MEMCACHED_SHAPE,
    MEMCACHED_ROWS,
    { type: 'memcached', username: 'u', password: 'p', dialect: { text: 1 } },
  ],
  ['tiered', TIERED_SHAPE, TIERED_ROWS, { type: 'tiered', remote: REDIS_HERE }],
  [
    'migrating',
    MIGRATING_SHAPE,
    MIGRATING_ROWS,
    { type: 'migrating', to: REDIS_HERE, from: 'memcached://a' },
  ],
  ['none', NONE_SHAPE, [], { type: 'none' }],
]

function named([path, expected, ...bad]: Row) {
  return { path, expected, bad }
}

/** Every setting that a schema knows, those within another included. */
function settingsIn(shape: z.core.$ZodShape, within = ''): string[] {
  return Object.entries(shape).flatMap(([name, schema]) => [
    within + name,
    ...objectsIn(schema).flatMap(inner => settingsIn(inner.def.shape, `${within}${name}.`)),
  ])
}

function objectsIn(schema: z.core.$ZodType): z.ZodObject[] {
  if (schema instanceof z.ZodOptional) return objectsIn(schema.def.innerType)
  if (schema instanceof z.ZodUnion) return schema.def.options.flatMap(objectsIn)
  return schema instanceof z.ZodObject ? [schema] : []
}

function withSetting(around: Record<string, unknown>, path: string, value: unknown): Record<string, unknown> {
  const [name = '', ...rest] = path.split('.')
  const inner = (around[name] ?? {}) as Record<string, unknown>
  return { ...around, [name]: rest.length === 0 ? value : withSetting(inner, rest.join('.'), value) }
}

describe.each(TYPES)('A bad setting of %s', (_, shape, rows, around) => {
  it('has a message here, whichever it is', () => {
    expect([...new Set(rows.map(([path]) => path))].sort()).toEqual(settingsIn(shape).sort())
  })

  it.each(rows.map(named))('$path: expected $expected', async ({ path, expected, bad }) => {
    for (const [value, shown] of bad) {
      const config = withSetting(around, path, value)
      expect(await problemsOf(config)).toEqual([`${path}: expected ${expected}; received ${shown}`])
    }
  })
})

describe('A bad setting of a namespace', () => {
  it.each(VALUE_ROWS.map(named))(
    'is told of as that of the cache, with its path: $path',
    async ({ path, expected, bad }) => {
      for (const [value, shown] of bad) {
        const message = `${path}: expected ${expected}; received ${shown}`
        const users = withSetting({}, path, value)
        expect(await problemsOf({ type: 'lru', namespaces: { users } })).toEqual([
          `namespaces.users.${message}`,
        ])
        expect(
          await problemsOf({ type: 'lru', namespaces: { a: { ttl: 1, namespaces: { 'b.c': users } } } }),
        ).toEqual([`namespaces.a.namespaces['b.c'].${message}`])
      }
    },
  )

  it('covers all that a namespace has', () => {
    expect([...new Set(VALUE_ROWS.map(([path]) => path))].sort()).toEqual(settingsIn(VALUE_SHAPE).sort())
  })

  it('is refused where it is one of the cache alone', async () => {
    const known =
      'Known: ttl, grace, negativeTtl, jitter, version, hardTimeout, softTimeout, beta, codec, compression, schema, namespaces'
    expect(await problemsOf({ type: 'lru', namespaces: { a: { prefix: 'x', breaker: false } } })).toEqual([
      `namespaces.a.prefix: unknown name 'prefix'. ${known}`,
      `namespaces.a.breaker: unknown name 'breaker'. ${known}`,
    ])
    expect(await problemsOf({ type: 'lru', namespaces: { a: { gracce: 1 } } })).toEqual([
      "namespaces.a.gracce: unknown name 'gracce'; did you mean 'grace'?",
    ])
  })

  it('may be its name, or that it is no object', async () => {
    expect(await problemsOf({ type: 'lru', namespaces: { 'a b': {}, '': {}, 'a:b': {} } })).toEqual([
      "namespaces['a b']: expected a name of letters, digits, '_', '.' and '-'; received 'a b'",
      "namespaces['']: expected a name of letters, digits, '_', '.' and '-'; received ''",
      "namespaces['a:b']: expected a name of letters, digits, '_', '.' and '-'; received 'a:b'",
    ])
    expect(
      await problemsOf({ type: 'lru', namespaces: { a: '5m', b: null, c: { namespaces: [] } } }),
    ).toEqual([
      "namespaces.a: expected an object with the settings of a namespace; received '5m'",
      'namespaces.b: expected an object with the settings of a namespace; received null',
      'namespaces.c.namespaces: expected an object of namespaces by name; received an empty list',
    ])
  })
})
