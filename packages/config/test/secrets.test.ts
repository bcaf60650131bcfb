import { join } from 'node:path'
import { inspect } from 'node:util'
import { type Cache, CacheError, type CacheEvent } from '@lookaside/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { secretsIn } from '../../../tests/behaviour/secrets-reach.js'
import { type Server, startRedis } from '../../../tests/servers/index.js'
import { fromConfig, fromEnv, fromFile, fromUrl } from '../src/index.js'
import { directoryWith, fileWith } from './files.js'
import { closedLater, opened, refusal } from './opened.js'

const SECRET = 'hunter2-of-all'
const OTHER = 'p@ss/w0rd?#%'
const encoded = encodeURIComponent(OTHER)
const env = {
  SECRET,
  OTHER,
  ENCODED: encoded,
  URL: `redis://ada:${SECRET}@127.0.0.1:1`,
  USER: `ada:${SECRET}`,
}

function expectHidden(value: unknown): void {
  expect(secretsIn(value, SECRET, OTHER)).toEqual([])
  const shown = inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true })
  for (const secret of [SECRET, OTHER, encoded]) expect(shown).not.toContain(secret)
}

/** What an application has in hand of a cache that reaches no server: itself, events, errors. */
async function toldBy(cache: Cache): Promise<unknown[]> {
  closedLater(cache)
  const events: CacheEvent[] = []
  cache.on(event => events.push(event))
  const outcomes = await Promise.allSettled([
    cache.ready({ timeout: 150 }),
    cache.get('key'),
    cache.set('key', 1),
    cache.delete('key'),
    cache.getOrSet('key', () => 1),
  ])
  expect(outcomes[0]).toMatchObject({ status: 'rejected' })
  return [cache, cache.namespace('users'), events, outcomes]
}

describe('A config with passwords', () => {
  let guarded: Server
  beforeAll(async () => {
    guarded = await startRedis('--requirepass', 'another')
  })
  afterAll(() => guarded.stop())

  it.each<[string, (address: string) => object]>([
    ['in a URL', () => ({ url: `redis://ada:${encoded}@127.0.0.1:1` })],
    ['in settings', () => ({ type: 'redis', port: 1, username: 'ada', password: OTHER })],
    ['in a variable', () => ({ type: 'redis', port: 1, password: '${SECRET}' })],
    ['in a variable within a URL', () => ({ url: 'redis://:${ENCODED}@127.0.0.1:1' })],
    ['in a URL in a variable', () => ({ url: '${URL}' })],
    ['in a default', () => ({ url: 'redis://127.0.0.1:1', password: `\${NOPE:-${SECRET}}` })],
    ['that the server refuses', address => ({ url: `redis://:${SECRET}@${address}` })],
    ['of memcached', () => ({ url: `memcached://ada:${SECRET}@127.0.0.1:1` })],
    [
      'of memcached in settings',
      () => ({ type: 'memcached', servers: ['127.0.0.1:1'], username: 'ada', password: OTHER }),
    ],
    [
      'in every store',
      address => ({
        type: 'tiered',
        remote: {
          type: 'migrating',
          to: `redis://:${SECRET}@${address}`,
          from: { url: `memcached://ada:${SECRET}@127.0.0.1:1` },
        },
        bus: { url: 'redis://127.0.0.1:1', password: '${OTHER}', heartbeat: '1s' },
      }),
    ],
    [
      'in tiers and their bus',
      address => ({
        type: 'tiered',
        remote: { url: `redis://${address}`, password: '${SECRET}' },
        bus: 'tracking',
      }),
    ],
  ])('shows none of them: %s', async (_, config) => {
    expectHidden(await toldBy(await fromConfig(config(guarded.address) as never, {}, env)))
  })

  it('shows none of them by file, URL and environment', async () => {
    const text = `url: redis://127.0.0.1:1\nusername: ada\npassword: "\${OTHER}"\n`
    expectHidden(await toldBy(await fromFile(await fileWith('a.yaml', text), {}, env)))
    expectHidden(await toldBy(await fromUrl(env.URL)))
    expectHidden(await toldBy(await fromEnv({}, { CACHE_URL: env.URL })))
  })
})

describe('An error about a config with passwords', () => {
  async function errorOf(config: object): Promise<unknown> {
    return fromConfig(config as never, {}, env).then(
      cache => cache.close().then(() => 'taken'),
      (error: unknown) => error,
    )
  }

  it.each<[string, object]>([
    ['a URL of no form', { url: `http://ada:${SECRET}@host` }],
    ['a URL without slashes', { url: `ada:${SECRET}@host` }],
    ['a malformed URL', { url: `redis://ada:${SECRET}@host:99999` }],
    ['a malformed escape', { url: `redis://ada:%zz${SECRET}@host` }],
    ['a URL for the wrong type', { type: 'memcached', url: `redis://ada:${SECRET}@host` }],
    ['a config that is a text', SECRET as never],
    ['a URL as a type', { type: `redis://ada:${SECRET}@host` }],
    ['a URL as a host', { type: 'redis', host: 5, port: `ada:${SECRET}@host:1` }],
    ['a URL as a server', { type: 'memcached', servers: [`memcached://ada:${SECRET}@host`] }],
    ['a URL as a tier', { type: 'tiered', remote: `http://ada:${SECRET}@host` }],
    ['a URL object', { url: new URL(`redis://ada:${SECRET}@host`) }],
    ['a config that is a URL', new URL(`redis://ada:${SECRET}@host`)],
    ['a password in a list', { type: 'redis', password: [SECRET] }],
    ['a password in an object', { type: 'redis', password: { value: SECRET } }],
    ['a password beside a bad value', { type: 'redis', password: SECRET, port: 'x', tls: 5 }],
    ['half a login', { type: 'memcached', password: SECRET }],
    ['a variable with a bad URL', { url: '${URL}/x' }],
    ['a variable in a bad URL', { url: 'redis://ada:${ENCODED}@host/x' }],
    ['a variable with a user', { url: 'redis://${USER}@host/x' }],
    ['a variable as a number', { type: 'redis', port: '${SECRET}', db: 'x${SECRET}' }],
    [
      'a variable as a name',
      { type: 'lru', prefix: '${OTHER}', codec: '${SECRET}', namespaces: { a: { ttl: '${SECRET}' } } },
    ],
    ['a variable as a type', { type: '${SECRET}' }],
    ['a default', { url: `\${NOPE:-http://ada:${SECRET}@host}` }],
    ['a default in a URL', { url: `redis://ada:\${NOPE:-${SECRET}}@host/x` }],
    ['a malformed reference', { type: 'redis', password: `\${NOPE:${SECRET}}` }],
    ['a malformed reference at the end', { type: 'redis', password: `abc\${${SECRET}` }],
    ['a default that is a reference', { type: 'redis', password: `\${A:-\${${SECRET}}}` }],
    [
      'a bus',
      { type: 'tiered', remote: 'redis://h', bus: { url: `http://ada:${SECRET}@host`, password: 5 } },
    ],
    ['names of no setting', { type: 'redis', passwort: SECRET }],
    ['caches', { caches: `redis://ada:${SECRET}@host` }],
  ])('shows none of them: %s', async (_, config) => {
    const error = await errorOf(config)
    expect(error).toMatchObject({ code: 'ERR_CACHE_CONFIG' })
    expectHidden(error)
  })

  it.each([
    ['a.yaml', `password: ${SECRET}: x`],
    ['a.yaml', `password: "${SECRET}`],
    ['a.yaml', SECRET],
    ['a.yaml', `password:${SECRET}`],
    ['a.yaml', `password: |${SECRET}`],
    ['a.yaml', `password: >${SECRET}\n  x`],
    ['a.yaml', `password: %${SECRET}`],
    ['a.yaml', `password: {{ ${SECRET} }}`],
    ['a.yaml', `{ ${SECRET}: x }: x`],
    ['a.yaml', `password: *${SECRET}`],
    ['a.yaml', `password: !${SECRET} x\nttl: -1\ntype: redis`],
    ['a.yaml', `type: redis\npassword: @${SECRET}`],
    ['a.yaml', `type: redis\npassword: [${SECRET}`],
    ['a.yaml', `type: redis\n\tpassword: ${SECRET}`],
    ['a.yaml', `type: redis\npassword: ${SECRET}\npassword: ${SECRET}`],
    ['a.json', `{ "password": "${SECRET}" `],
    ['a.json', `"${SECRET}"`],
    ['a.json', `{ "password": ${SECRET} }`],
    ['a.json', `{ "password": "${SECRET} }`],
    ['a.json', `{ "password": '${SECRET}' }`],
    ['a.json', `{ "password": "${SECRET}", }`],
    ['a.json', `{ "password": "\\q${SECRET}" }`],
    ['a.json', `{ "url": "redis://ada:${SECRET}@host/x" }`],
    ['a.mjs', `export default { type: 'redis', password: ['${SECRET}'] }`],
  ])('shows none of them: %s %j', async (name, text) => {
    const error = await fromFile(await fileWith(name, text), {}, env).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'ERR_CACHE_CONFIG' })
    expectHidden(error)
  })

  it.each([
    `redis://ada:${SECRET}@host/x`,
    `http://ada:${SECRET}@host`,
    `memory:${SECRET}@`,
    `none:${SECRET}@x`,
  ])('shows none of them: the URL %s', async url => {
    const asFile = url.includes('://') ? [fromFile(url), fromEnv({}, { CACHE_CONFIG: url })] : []
    for (const opening of [fromUrl(url), fromEnv({}, { CACHE_URL: url }), ...asFile]) {
      const error = await opening.catch((error: unknown) => error)
      expect(error).toBeInstanceOf(Error)
      expectHidden(error)
    }
  })
})

describe('What a store says of its settings, which knows nothing of variables', () => {
  /** A store that tells all that it was given, when it is checked or when it is opened. */
  const TALKATIVE = `
    const said = options => 'not liked: ' + Object.entries(options).map(entry => entry.join('=')).join(' ')
    export const storePlugin = {
      schema: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: ({ when, ...options }) =>
            when === 'checked' ? { issues: [{ message: said(options), path: ['table'] }] } : { value: options },
        },
      },
      open: options => globalThis.lookasideTestRefuse(said(options)),
    }`

  const world = globalThis as { lookasideTestRefuse?: (message: string) => never }
  beforeAll(() => {
    world.lookasideTestRefuse = message => {
      throw new CacheError('ERR_CACHE_OPTION', message)
    }
  })
  afterAll(() => {
    delete world.lookasideTestRefuse
  })

  async function toldOf(settings: object, env: Record<string, string>): Promise<string> {
    const directory = await directoryWith({
      'talkative.mjs': TALKATIVE,
      'a.json': JSON.stringify({ type: './talkative.mjs', ...settings }),
    })
    const { problems } = await refusal(fromFile(join(directory, 'a.json'), {}, env))
    expect(problems).toHaveLength(1)
    return problems[0]?.message ?? ''
  }

  it.each(['checked', 'opened'])('is told without the values of variables: %s', async when => {
    const settings = {
      when,
      table: 'users',
      password: '${SECRET}',
      url: 'http://ada:${OTHER}@host',
      twice: '${SECRET}${SECRET}',
    }
    expect(await toldOf(settings, env)).toBe(
      'not liked: table=users password=*** url=http://ada:***@host twice=******',
    )
    expectHidden(await toldOf(settings, env))
  })

  it('is told with short values, which any text may have in it, and with defaults', async () => {
    const settings = {
      when: 'opened',
      four: '${FOUR}',
      three: '${THREE}',
      none: 'x${NONE}',
      table: '${TABLE:-users}',
    }
    expect(await toldOf(settings, { FOUR: '1234', THREE: 'lik', NONE: '' })).toBe(
      'not liked: four=*** three=lik none=x table=users',
    )
  })

  it('is told without the longest value, where one has another in it', async () => {
    const settings = { when: 'checked', host: '${HOST}', password: '${PASSWORD}' }
    expect(await toldOf(settings, { HOST: 'hunter', PASSWORD: SECRET })).toBe(
      'not liked: host=*** password=***',
    )
  })

  it('nor does the path of a store, or a cache, show them', async () => {
    const messageOf = async (config: object) => (await refusal(fromConfig(config as never, {}, env))).message
    expect(await messageOf({ type: './${SECRET}.mjs' })).toBe(
      `fromConfig: type: expected the path of a module with a store; there is no file ${process.cwd()}/***.mjs`,
    )
    expect(
      await messageOf({ type: 'lru', prefix: '${SECRET}', namespaces: { ['x'.repeat(100)]: {} } }),
    ).toMatch(/received 115: '\*\*\*:xxx/)
  })
})

it('The search finds what is shown', async () => {
  const cache = await opened({ type: 'lru' })
  expect(secretsIn([cache, new Error(`no ${SECRET}`)], SECRET)).toEqual([SECRET])
})
