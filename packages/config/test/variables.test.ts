import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { type CacheConfig, fromConfig, fromFile } from '../src/index.js'
import { substitute } from '../src/reading/variables.js'
import { fileWith } from './files.js'
import { opened, openedAll, problemsOf, refusal } from './opened.js'

const unset = (name: string) =>
  `the environment variable ${name} is not set; set it, or give a default: \${${name}:-default}`
const MALFORMED =
  'expected ${NAME} or ${NAME:-default}, the default without another ${; received a ${ that something else follows. Write $${ for a ${ that is meant as it is'

function substituted(text: string, env = {}): unknown {
  return substitute({ text }, env).value
}

describe('A variable', () => {
  it.each([
    ['${A}', { A: 'x' }, 'x'],
    ['${A}', { A: ' ${B} ' }, ' ${B} '],
    ['a${A}b${B}c${A}', { A: '1', B: '2' }, 'a1b2c1'],
    ['${A:-d}', {}, 'd'],
    ['${A:-d}', { A: '' }, 'd'],
    ['${A:-d}', { A: 'x' }, 'x'],
    ['${A:- a:-b ?{ }', {}, ' a:-b ?{ '],
    ['x${A:-}', {}, 'x'],
    ['x${A}', { A: '' }, 'x'],
    ['${A}${B}', { A: '', B: '' }, ''],
    ['$A', { A: 'x' }, '$A'],
    ['{A}', { A: 'x' }, '{A}'],
    ['$${A}', { A: 'x' }, '${A}'],
    ['$$${A}', { A: 'x' }, '$${A}'],
    ['a$${b', {}, 'a${b'],
    ['${A}$${A}', { A: 'x' }, 'x${A}'],
    ['${_a1}', { _a1: '$&' }, '$&'],
    ['${A:-multi\nline}', {}, 'multi\nline'],
  ])('in %j with %j stands for %j', (text, env, expected) => {
    expect(substituted(text, env)).toEqual({ text: expected })
  })

  it('that is all of a text and comes to nothing leaves the setting out', () => {
    expect(substituted('${A}', { A: '' })).toEqual({})
    expect(substituted('${A:-}')).toEqual({})
    expect(substituted('')).toEqual({ text: '' })
    expect(Object.keys(substitute({ a: undefined, b: '${A:-}' }, {}).value as object)).toEqual(['a'])
  })

  it('that is all of an item of a list and comes to nothing leaves the item out', () => {
    const config = { list: ['a', '${A}', '', 'x${A}', '${B:-}', undefined, ['${A:-}'], { b: '${A}' }, 'c'] }
    expect(substitute(config, { A: '' }).value).toEqual({ list: ['a', '', 'x', undefined, [], {}, 'c'] })
    expect(config.list).toHaveLength(9)
  })

  it('that comes to nothing may stand for a server that is not there', async () => {
    const given = inject('memcachedServers').split(',')
    const servers = ['${FIRST:-}', ...given, '${LAST:-}']
    const cache = await opened(
      { type: 'memcached', servers, timeout: '5s', prefix: 'left-out', storeTimeout: '5s' },
      {},
      { LAST: '' },
    )
    await cache.ready()
    expect(await problemsOf({ type: 'memcached', servers: ['${A:-}', '${B:-}'] })).toEqual([
      "servers: expected a list of at least one 'host:port'; received an empty list",
    ])
  })

  it('that comes to nothing leaves the other items of its list where they are told', async () => {
    const server = "expected 'host' or 'host:port', with a port from 1 to 65535; received"
    const config = {
      type: 'memcached',
      servers: ['${NONE:-}', 'a', 'x:${WORD}', '${NONE:-}', '${WORD}:x', 'b:c'],
    }
    expect(await problemsOf(config, { WORD: 'hunter2' })).toEqual([
      `servers[2]: ${server} 'x:\${WORD}'`,
      `servers[4]: ${server} '\${WORD}:x'`,
      `servers[5]: ${server} 'b:c'`,
    ])
    expect(await problemsOf({ type: 'memcached', servers: ['${A}'] })).toEqual([`servers[0]: ${unset('A')}`])
    expect(await problemsOf({ type: 'memcached', servers: ['${NONE:-}', '${A}', 'b:c'] })).toEqual([
      `servers[1]: ${unset('A')}`,
      `servers[2]: ${server} 'b:c'`,
    ])
    const path = await fileWith('a.yaml', "type: memcached\nservers:\n  - ${NONE:-}\n  - a\n  - 'b:c'\n")
    expect((await refusal(fromFile(path, {}, {}))).problems).toMatchObject([
      { path: 'servers[2]', line: 5, column: 5 },
    ])
  })

  it('is found in lists and objects however deep, and not in names', () => {
    const config = { a: ['${A}', { b: [['x${A}']] }], '${A}': { c: '${A}' } }
    expect(substitute(config, { A: '1' }).value).toEqual({
      a: ['1', { b: [['x1']] }],
      '${A}': { c: '1' },
    })
  })

  it('is not looked for in what is no plain object, and what was given is not changed', () => {
    class Settings {
      readonly text = '${A}'
    }
    const given = {
      settings: new Settings(),
      when: new Date(0),
      call: () => '${A}',
      text: '${A}',
      none: null,
    }
    const { value } = substitute(given, { A: '1' })
    expect(value).toEqual({ ...given, text: '1' })
    expect((value as typeof given).settings).toBe(given.settings)
    expect(given.text).toBe('${A}')
  })

  it('takes __proto__ for a name like any other', () => {
    const value = substitute(JSON.parse('{ "__proto__": { "polluted": "${A}" } }'), { A: '1' })
      .value as object
    expect(Object.keys(value)).toEqual(['__proto__'])
    expect((value as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('is told where it is not set and has no default', async () => {
    expect(await problemsOf({ type: 'redis', password: '${PASSWORD}', host: 'a-${ZONE}-${STAGE}' })).toEqual([
      `password: ${unset('PASSWORD')}`,
      `host: ${unset('ZONE')}`,
    ])
  })

  it('is told once where the store, its url, all caches or one item of a list lack', async () => {
    expect(await problemsOf({ url: '${CACHE}' })).toEqual([`url: ${unset('CACHE')}`])
    expect(await problemsOf({ type: '${TYPE}', ttl: '5m' })).toEqual([`type: ${unset('TYPE')}`])
    expect(await problemsOf({ caches: '${CACHES}' })).toEqual([`caches: ${unset('CACHES')}`])
    expect(await problemsOf({ type: 'tiered', remote: '${CACHE}' })).toEqual([`remote: ${unset('CACHE')}`])
    expect(await problemsOf({ type: 'migrating', to: { url: '${A}' }, from: { type: '${B}' } })).toEqual([
      `to.url: ${unset('A')}`,
      `from.type: ${unset('B')}`,
    ])
    expect(await problemsOf({ type: 'memcached', servers: ['a', '${B}'] })).toEqual([
      `servers[1]: ${unset('B')}`,
    ])
    expect(await problemsOf({ type: 'memcached', username: '${A}', password: 'p' })).toEqual([
      `username: ${unset('A')}`,
    ])
    expect(await problemsOf({ type: 'lru', guard: { limitLoads: { concurrency: '${A}' } } })).toEqual([
      `guard.limitLoads.concurrency: ${unset('A')}`,
    ])
  })

  it.each([
    '${}',
    '${1A}',
    '${A-B}',
    '${A:B}',
    '${A',
    '${ A }',
    '${A.B}',
    '${A:?error}',
    '${A:-${B}}',
    'x${',
    '${A:-$${B}}',
  ])('is refused in the form %s, of which nothing is shown', async text => {
    expect(await problemsOf({ type: 'redis', password: text }, { A: 'x', B: 'y' })).toEqual([
      `password: ${MALFORMED}`,
    ])
  })

  it('without its braces is a text, and where that is refused its form is told', async () => {
    const ttl =
      "expected a duration from 0 ms to ten years: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'; received"
    const hint = '. A variable is written as ${NAME}'
    expect(await problemsOf({ type: 'lru', ttl: '$TTL' })).toEqual([`ttl: ${ttl} '$TTL'${hint}`])
    expect(await problemsOf({ type: 'redis', port: '$_a1' })).toEqual([
      `port: expected an integer from 1 to 65535; received '$_a1'${hint}`,
    ])
    expect(await problemsOf({ type: 'redis', url: '$REDIS_URL' })).toEqual([
      `url: expected a URL redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; received '$REDIS_URL'${hint}`,
    ])
    for (const text of ['$5', '$', '$A B', 'x$A', '$$A'])
      expect(await problemsOf({ type: 'lru', ttl: text })).toEqual([`ttl: ${ttl} '${text}'`])
    expect(substituted('$NAME', { NAME: 'x' })).toEqual({ text: '$NAME' })
  })

  it('is looked up in the environment of the process, or in what is given', async () => {
    vi.stubEnv('LOOKASIDE_TEST_PREFIX', 'of-process')
    onTestFinished(() => void vi.unstubAllEnvs())
    const config = { type: 'lru', prefix: '${LOOKASIDE_TEST_PREFIX:-none}' } as const
    expect((await opened(config)).path).toBe('of-process')
    expect((await opened(config, {}, {})).path).toBe('none')
    expect((await opened(config, {}, { LOOKASIDE_TEST_PREFIX: 'given' })).path).toBe('given')
  })

  it('of the names of Object.prototype is not set', async () => {
    expect(await problemsOf({ type: 'lru', prefix: '${constructor}' })).toEqual([
      `prefix: ${unset('constructor')}`,
    ])
  })
})

describe('The value of a variable', () => {
  const env = { FIVE: '5', MINUS: '-1', HALF: '0.5', YES: 'true', NO: 'false', WORD: 'soon' }

  it('is taken for a number, true or false where text is not expected', async () => {
    const all: CacheConfig = {
      type: 'tiered',
      local: { type: 'lru', maxEntries: '${FIVE}' },
      remote: { type: 'redis', port: '${FIVE}', tls: '${NO}' },
      enabled: '${YES}',
      ttl: '${FIVE}',
      grace: '${FIVE}m',
      jitter: '${HALF}',
      compression: { threshold: '${FIVE}' },
      breaker: { failures: '${FIVE}', probeEvery: '${FIVE}' },
      guard: {
        backOff: '${NO}',
        earlyRefresh: { beta: '${HALF}' },
        limitLoads: { concurrency: '${FIVE}', queue: '${FIVE}' },
        claimed: { poll: { min: '${FIVE}', max: '${FIVE}0' } },
      },
      bus: '${NO}',
      namespaces: { users: { version: '${FIVE}', compression: '${YES}' } },
    }
    await opened(all, {}, env)
    await opened({ type: 'lru', breaker: '${NO}', guard: '${NO}', compression: '${NO}' }, {}, env)
    await opened({ type: 'memcached', dialect: { text: '${FIVE}' }, maxQueue: '${FIVE}' }, {}, env)
  })

  it('counts as that number', async () => {
    const cache = await opened({ type: 'lru', maxEntries: '${ONE}' }, {}, { ONE: '1' })
    await cache.set('a', 1)
    await cache.set('b', 1)
    expect(await cache.has('a')).toBe(false)
  })

  it('stays the text that it is where that is expected', async () => {
    const config = { type: 'redis', url: inject('redisUrl'), username: '${D}', password: '${D}' } as const
    const cache = await opened(config, { prefix: 'digits' }, { D: '12345' })
    await expect(cache.ready()).rejects.toMatchObject({ code: 'ERR_CACHE_UNAVAILABLE' })
    expect((await opened({ type: 'lru', prefix: '${D}' }, {}, { D: '007' })).path).toBe('007')
  })

  it('is not shown where it is wrong', async () => {
    const shown = (name: string) => `the value of \${${name}}, which is not shown`
    expect(
      await problemsOf(
        {
          type: 'redis',
          port: '${WORD}',
          db: '${MINUS}',
          tls: '${WORD}',
          url: '${WORD}',
          ttl: '${WORD}',
          jitter: '${FIVE:-1}',
          enabled: '${FIVE}',
          namespaces: { a: { codec: '${WORD}', namespaces: { b: { grace: '${WORD}' } } } },
          guard: { limitLoads: { concurrency: '${MINUS}' }, backOff: '${YES}' },
          breaker: '${WORD}',
          clone: '${WORD}',
        },
        env,
      ).then(problems => problems.map(problem => problem.replace(/: expected .*; received /, ': '))),
    ).toEqual([
      `url: ${shown('WORD')}`,
      `port: ${shown('WORD')}`,
      `db: ${shown('MINUS')}`,
      `tls: ${shown('WORD')}`,
      `enabled: ${shown('FIVE')}`,
      `ttl: ${shown('WORD')}`,
      `jitter: ${shown('FIVE')}`,
      `namespaces.a.codec: ${shown('WORD')}`,
      `namespaces.a.namespaces.b.grace: ${shown('WORD')}`,
      `clone: ${shown('WORD')}`,
      `guard.backOff: ${shown('YES')}`,
      `guard.limitLoads.concurrency: ${shown('MINUS')}`,
      `breaker: ${shown('WORD')}`,
    ])
  })

  it('is not shown, but that it begins or ends with a blank', async () => {
    const url =
      'expected a URL redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; received'
    const hidden = 'the value of ${URL}, which is not shown'
    for (const blank of ['redis://host/x\n', ' redis://host/x', '\tredis://host/x '])
      expect(await problemsOf({ type: 'redis', url: '${URL}' }, { URL: blank })).toEqual([
        `url: ${url} ${hidden}; it begins or ends with a blank`,
      ])
    expect(await problemsOf({ type: 'redis', url: '${URL}' }, { URL: 'redis://a b/x' })).toEqual([
      `url: ${url} ${hidden}`,
    ])
    expect(await problemsOf({ type: 'redis', url: '${A}${URL}' }, { A: '', URL: ' x ' })).toEqual([
      `url: ${url} '\${A}\${URL}'`,
    ])
  })

  it('is not shown within other text either; the text around it is', async () => {
    expect(await problemsOf({ type: 'lru', ttl: '${FIVE} ${WORD:-x}' }, env)).toEqual([
      "ttl: expected a duration from 0 ms to ten years: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'; received '${FIVE} ${WORD}'",
    ])
  })

  it('is not shown where it should be a type, a server, or a url of any kind', async () => {
    const secret = { URL: 'http://user:hunter2@host', HOST: 'host:hunter2', TYPE: 'hunter2' }
    const known =
      "expected 'lru', 'redis', 'memcached', 'tiered', 'migrating', 'none', or the name of an installed package with a store"
    const url =
      'expected the URL of a cache, such as memory:, redis://host:6379 or memcached://host:11211; received'
    const redis =
      'expected a URL redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; received'
    expect(await problemsOf({ type: '${TYPE}' }, secret)).toEqual([
      `type: ${known}; received the value of \${TYPE}, which is not shown. Is the package installed?`,
    ])
    expect(await problemsOf({ url: '${URL}' }, secret)).toEqual([
      `url: ${url} the value of \${URL}, which is not shown`,
    ])
    expect(await problemsOf({ type: 'tiered', remote: '${URL}' }, secret)).toEqual([
      `remote: ${url} the value of \${URL}, which is not shown`,
    ])
    expect(await problemsOf({ url: 'redsi://ada:${TYPE}@host' }, secret)).toEqual([
      `url: ${url} 'redsi://***@host'`,
    ])
    expect(await problemsOf({ url: 'redis://${TYPE}/x' }, secret)).toEqual([
      `url: ${redis} 'redis://\${TYPE}/x'`,
    ])
    expect(await problemsOf({ type: 'tiered', remote: 'redis://:${TYPE}@host/x' }, secret)).toEqual([
      `remote.url: ${redis} 'redis://***@host/x'`,
    ])
    expect(await problemsOf({ url: '${NONE:-redis://ada:hunter2@host/x}' }, secret)).toEqual([
      `url: ${redis} the value of \${NONE}, which is not shown`,
    ])
    expect(await problemsOf({ type: 'memcached', servers: ['${HOST}'] }, secret)).toEqual([
      "servers[0]: expected 'host' or 'host:port', with a port from 1 to 65535; received the value of ${HOST}, which is not shown",
    ])
  })
})

describe('Variables of several caches', () => {
  it('stand for the same values in all', async () => {
    const { a, b } = await openedAll(
      { prefix: '${P}', caches: { a: '${URL}', b: { url: '${URL}', prefix: '${P}-own' } } },
      {},
      { P: 'shop', URL: 'memory:' },
    )
    expect([a.path, b.path]).toEqual(['shop.a', 'shop-own'])
  })
})

it('A config is not changed by being opened, and can be opened again', async () => {
  const config = Object.freeze({
    type: 'lru',
    prefix: '${P:-p}',
    namespaces: Object.freeze({ a: { ttl: '1s' } }),
  })
  const first = await fromConfig(config as never, {}, { P: 'one' })
  await first.close()
  expect((await opened(config as never, {}, { P: 'two' })).path).toBe('two')
})
