import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { checkConfig } from '../src/checking/check-config.js'
import { Findings } from '../src/checking/findings.js'
import { substitute } from '../src/reading/variables.js'

const file = fileURLToPath(new URL('../schema.json', import.meta.url))
const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(
  JSON.parse(readFileSync(file, 'utf8')),
)

/** Whether the package takes a config, up to where it would open it. */
async function takes(config: object): Promise<boolean> {
  const env = { SWITCH: 'true', SOFT: '7', POOL: '7', HOST: 'example', PORT: '7' }
  const source = { name: 'test', value: config, directory: process.cwd() }
  const substituted = substitute(config, env)
  const findings = new Findings(source, substituted)
  const caches = 'caches' in config ? 'all' : 'one'
  await checkConfig(substituted.value, { caches, prefix: 'lookaside' }, source, findings)
  try {
    findings.throwAny()
    return true
  } catch {
    return false
  }
}

const SETTINGS = {
  ttl: '5m',
  grace: 0,
  negativeTtl: '1.5s',
  jitter: 0.1,
  version: 3,
  hardTimeout: '30s',
  softTimeout: '${SOFT}',
  beta: 1.5,
  codec: 'structured',
  compression: { threshold: 2048 },
  prefix: 'shop',
  clone: 'freeze',
  claimTtl: 5000,
  storeTimeout: '200ms',
  onUndelivered: 'reject',
  breaker: { failures: 3, probeEvery: '1s' },
  guard: {
    backOff: { initial: '50ms', max: '1s' },
    earlyRefresh: false,
    staleWhileRevalidate: { softTimeout: '100ms' },
    limitLoads: { concurrency: '${POOL}', queue: 10, per: 'namespace' },
    claimed: { ttl: '5s', wait: '3s', poll: { min: 1, max: '20ms' } },
  },
  namespaces: { users: { ttl: '1m', namespaces: { 'a.b': { codec: 'raw' } } } },
}

const REDIS = { url: 'rediss://user:password@example.com:6380/2', password: 'a', db: 1, tls: { ca: 'PEM' } }

const GOOD: readonly object[] = [
  { type: 'lru' },
  { $schema: './schema.json', type: 'lru', maxEntries: 10, ...SETTINGS },
  { type: 'redis', ...REDIS, ...SETTINGS, socketTimeout: '300ms', bus: 'pubsub' },
  { type: 'redis', host: '${HOST}', port: '${PORT}', enabled: '${SWITCH}' },
  {
    type: 'memcached',
    servers: ['a:11211', '[::1]:1', '${HOST}'],
    dialect: { text: 16 },
    username: 'a',
    password: 'b',
  },
  { type: 'memcached', url: 'memcached://u:p@a,b:1', dialect: 'python', maxQueue: 5, guard: false },
  {
    type: 'tiered',
    local: 'memory:?maxEntries=5',
    remote: { type: 'redis' },
    bus: { mode: 'tracking', heartbeat: 5 },
  },
  { type: 'tiered', remote: 'memcached://a', bus: false, maxLocalStaleness: '10s' },
  {
    type: 'tiered',
    remote: { type: 'migrating', to: 'redis://a', from: { type: 'memcached' }, phase: 'prepare' },
  },
  { type: 'migrating', to: 'redis://a', from: { url: 'redis://b', db: 3 }, timeout: 50, keepFor: '1d' },
  { type: 'none', ttl: 5, prefix: 'x'.repeat(100) },
  { enabled: false, url: 'redis://localhost', breaker: false, compression: true },
  { url: 'memory:' },
  { url: 'memory:', maxEntries: 5 },
  { url: 'none:' },
  { caches: { sessions: { type: 'lru' }, catalog: 'redis://localhost' } },
  {
    url: 'redis://localhost',
    ...SETTINGS,
    caches: { sessions: { ttl: '1h' }, catalog: {}, other: { type: 'none' } },
  },
]

/** What is wrong in each, beside what would be right. */
const BAD: readonly (readonly [string, object])[] = [
  ['no store', { ttl: '5m' }],
  ['another type', { type: 'redsi' }],
  ['an unknown name', { type: 'lru', maxEntires: 5 }],
  ["another store's setting", { type: 'lru', host: 'localhost' }],
  ['a scheme that nobody knows', { url: 'mongodb://localhost' }],
  ["another store's setting beside a url", { url: 'memory:', host: 'a' }],
  ["another scheme than the type's", { type: 'redis', url: 'memcached://localhost' }],
  ['a number out of range', { type: 'redis', port: 70_000 }],
  ['a fraction', { type: 'lru', maxEntries: 1.5 }],
  ['a list for a text', { type: 'redis', host: ['a'] }],
  ['servers without any', { type: 'memcached', servers: [] }],
  ['a malformed server', { type: 'memcached', servers: ['a b'] }],
  ['flags without text', { type: 'memcached', dialect: { json: 3 } }],
  ['a malformed duration', { type: 'lru', ttl: '5x' }],
  ['a negative duration', { type: 'lru', ttl: -5 }],
  ['a text for true', { type: 'lru', enabled: 'yes' }],
  ['an unknown codec', { type: 'lru', codec: 'jsn' }],
  ['an unknown name in compression', { type: 'lru', compression: { treshold: 5 } }],
  ['an unknown part of the guard', { type: 'lru', guard: { singleFlight: false } }],
  ['a limit without a number', { type: 'lru', guard: { limitLoads: {} } }],
  ['a guard that is true', { type: 'lru', guard: true }],
  ['a bad namespace', { type: 'lru', namespaces: { users: { tll: 5 } } }],
  ['a bad name of a namespace', { type: 'lru', namespaces: { 'a b': {} } }],
  ['a nested namespace', { type: 'lru', namespaces: { users: { namespaces: { a: { ttl: true } } } } }],
  ['an unknown mode of a bus', { type: 'redis', bus: 'push' }],
  ['a bad prefix', { type: 'lru', prefix: 'a b' }],
  ['a prefix that is too long', { type: 'lru', prefix: 'x'.repeat(101) }],
  [
    "a cache's setting in a store within it",
    { type: 'tiered', local: { type: 'lru', ttl: 5 }, remote: 'redis://a' },
  ],
  ['tiers without a remote one', { type: 'tiered', local: 'memory:' }],
  ['tiers within tiers', { type: 'tiered', remote: { type: 'tiered', remote: 'redis://a' } }],
  ['a move without an end', { type: 'migrating', from: 'redis://a' }],
  ['an unknown phase', { type: 'migrating', to: 'redis://a', from: 'redis://b', phase: 'moving' }],
  ['a cache without a store', { caches: { sessions: { ttl: 5 } } }],
  ['a bad cache of several', { url: 'redis://a', caches: { sessions: { ttl: 'x' } } }],
  ['a bad name of a cache', { url: 'redis://a', caches: { 'a b': {} } }],
]

describe('the JSON schema that editors check with', () => {
  it.each(GOOD.map(config => [JSON.stringify(config).slice(0, 80), config] as const))(
    'takes what the package takes: %s',
    async (_, config) => {
      expect(validate(config) || validate.errors).toBe(true)
      expect(await takes(config)).toBe(true)
    },
  )

  it.each(BAD)('refuses what the package refuses: %s', async (_, config) => {
    expect(validate(config)).toBe(false)
    expect(await takes(config)).toBe(false)
  })

  it('says something of every setting', () => {
    const { definitions } = JSON.parse(readFileSync(file, 'utf8'))
    const settings = Object.values(definitions as Record<string, { properties?: Record<string, object> }>)
      .flatMap(({ properties = {} }) => Object.entries(properties))
      .filter(([, setting]) => !('$ref' in setting))
    expect(settings.length).toBeGreaterThan(60)
    expect(settings.filter(([, setting]) => !('description' in setting))).toEqual([])
    expect(definitions.RedisBusConfig.properties.socketTimeout.description).toMatch(/Default: '500ms'$/)
    expect(definitions.RedisStore.properties.socketTimeout.description).toMatch(/Default: '300ms'$/)
  })
})
