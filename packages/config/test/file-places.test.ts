import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ConfigError, cachesFromFile, fromFile } from '../src/index.js'
import { readText } from '../src/reading/config-text.js'
import { fileWith } from './files.js'
import { problemsOf, refusal } from './opened.js'

const FROM_0_MS =
  "a duration from 0 ms to ten years: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'"

/** Each problem as `line:column path: message`. */
async function placed(name: string, text: string, env = {}): Promise<string[]> {
  const path = await fileWith(name, text)
  const { problems } = await refusal(fromFile(path, {}, env))
  return problems.map(({ line, column, path, message, file }) => {
    expect(file).toMatch(new RegExp(`/${name}$`))
    return `${line}:${column} ${path}: ${message}`
  })
}

/** The same for what is wrong with several caches. */
async function placedAmong(names: readonly string[], text: string): Promise<string[]> {
  const { problems } = await refusal(cachesFromFile(await fileWith('a.yaml', text), names))
  return problems.map(({ line, column, path }) => `${line}:${column} ${path}`)
}

describe('A problem in a JSON file', () => {
  it('is told with the line and column of the value', async () => {
    expect(await placed('a.json', '{\n  "type": "lru",\n  "ttl": "soon"\n}')).toEqual([
      `3:10 ttl: expected ${FROM_0_MS}; received 'soon'`,
    ])
  })

  it('is told with those of the name, where that is wrong', async () => {
    expect(await placed('a.json', '{\n  "type": "lru",\n  "tll": "5m"\n}')).toEqual([
      "3:3 tll: unknown name 'tll'; did you mean 'ttl'?",
    ])
  })

  it('is told with those of what is around, where something lacks', async () => {
    expect(await placed('a.json', '{\n  "ttl": "5m"\n}')).toEqual([
      "1:1 type: expected a type or a url: 'lru', 'redis', 'memcached', 'tiered', 'migrating', 'none'; received nothing",
    ])
    expect(await placed('a.json', '{ "type": "lru",\n  "guard": {\n    "limitLoads": {} } }')).toEqual([
      '3:19 guard.limitLoads.concurrency: expected an integer from 1; received nothing',
    ])
  })

  it('is found behind tabs, in one line, and after a byte order mark', async () => {
    expect(await placed('a.json', '{\n\t"type": "lru",\n\t"maxEntries":\t0\n}')).toEqual([
      '3:16 maxEntries: expected an integer from 1 to 16777216; received 0',
    ])
    expect(await placed('a.json', '{"type":"lru","ttl":-1,"grace":-1}')).toEqual([
      `1:21 ttl: expected ${FROM_0_MS}; received -1`,
      `1:32 grace: expected ${FROM_0_MS}; received -1`,
    ])
    expect(await placed('a.json', '\uFEFF{\n"type": "lru",\n"ttl": -1\n}')).toEqual([
      `3:8 ttl: expected ${FROM_0_MS}; received -1`,
    ])
    expect(await placed('a.json', '{\r\n"type": "lru",\r\n"ttl": -1\r\n}')).toEqual([
      `3:8 ttl: expected ${FROM_0_MS}; received -1`,
    ])
  })

  it('is found in lists and in names with dots and numbers', async () => {
    expect(
      await placed(
        'a.json',
        '{\n"type": "memcached",\n"servers": [\n"a",\n"b:c"\n],\n"namespaces": { "x.y": { "ttl": -1 }, "7": { "ttl": -2 } } }',
      ),
    ).toEqual([
      "5:1 servers[1]: expected 'host' or 'host:port', with a port from 1 to 65535; received 'b:c'",
      `7:33 namespaces['x.y'].ttl: expected ${FROM_0_MS}; received -1`,
      `7:53 namespaces.7.ttl: expected ${FROM_0_MS}; received -2`,
    ])
  })
})

describe('A problem in a YAML file', () => {
  it('is told with its line and column: of a value, of a name, of what is around', async () => {
    expect(
      await placed('a.yaml', 'type: redis\nttl: soon\nprot: 6379\nguard:\n  limitLoads:\n    queue: 5\n'),
    ).toEqual([
      `2:6 ttl: expected ${FROM_0_MS}; received 'soon'`,
      "3:1 prot: unknown name 'prot'; did you mean 'port'?",
      '6:5 guard.limitLoads.concurrency: expected an integer from 1; received nothing',
    ])
  })

  it('is told of a value that is missing altogether', async () => {
    expect(await placed('a.yaml', 'type: lru\nttl:\ngrace: ~\n')).toEqual([
      `2:5 ttl: expected ${FROM_0_MS}; received null`,
      `3:8 grace: expected ${FROM_0_MS}; received null`,
    ])
    expect(await placed('a.yaml', 'type: tiered\nremote:\n')).toEqual([
      '2:8 remote: expected an object with the type or the url of a store; received null',
    ])
  })

  it('is told where an alias stands for the value, and where a key was merged', async () => {
    expect(await placed('a.yaml', 'type: lru\nttl: &t soon\ngrace: *t\n')).toEqual([
      `2:9 ttl: expected ${FROM_0_MS}; received 'soon'`,
      `3:8 grace: expected ${FROM_0_MS}; received 'soon'`,
    ])
    const merged = 'type: lru\nnamespaces:\n  a: &a\n    ttl: soon\n  b:\n    <<: *a\n    grace: 1s\n'
    expect(await placed('a.yaml', merged)).toEqual([
      `4:10 namespaces.a.ttl: expected ${FROM_0_MS}; received 'soon'`,
      `6:5 namespaces.b.ttl: expected ${FROM_0_MS}; received 'soon'`,
    ])
  })

  it('is told where a variable stands', async () => {
    expect(
      await placed('a.yaml', 'type: redis\npassword: ${NOPE}\nurl: ${URL}\n', {
        URL: 'http://u:hunter2@host',
      }),
    ).toEqual([
      '2:11 password: the environment variable NOPE is not set; set it, or give a default: ${NOPE:-default}',
      '3:6 url: expected a URL redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; received the value of ${URL}, which is not shown',
    ])
  })

  it('is told of an empty file, and of one that holds something else', async () => {
    const cache = "expected an object with the settings of a cache, such as { type: 'lru', ttl: '5m' }"
    expect(await placed('a.yaml', '')).toEqual([`undefined:undefined : ${cache}; received nothing`])
    expect(await placed('a.yaml', '# a comment\n')).toEqual([
      `undefined:undefined : ${cache}; received nothing`,
    ])
    expect(await placed('a.json', 'null')).toEqual([`1:1 : ${cache}; received nothing`])
    expect(await placed('a.yaml', '\n\n- type: lru\n')).toEqual([`3:1 : ${cache}; received a list`])
    expect(await placed('a.yaml', '# a comment\nmemory\n')).toEqual([
      `2:1 : ${cache}; received a text, which is not shown`,
    ])
    expect(await placed('a.json', '"hunter2"')).toEqual([
      `1:1 : ${cache}; received a text, which is not shown`,
    ])
  })

  it('is told of caches by name', async () => {
    const text = 'url: redis://127.0.0.1:1\ncaches:\n  a: { prefix: x }\n  b:\n    prefix: x\n  "c d": {}\n'
    expect(await placedAmong(['a', 'bb'], text)).toEqual([
      '3:3 caches.bb',
      '5:13 caches.b.prefix',
      "6:3 caches['c d']",
    ])
  })
})

describe('What a file is not', () => {
  async function said(name: string, text: string): Promise<string> {
    const path = await fileWith(name, text)
    const { message } = await refusal(fromFile(path))
    return message.replaceAll(path, name)
  }

  it.each([
    ['{ "type": "lru", }', '1:18): Expected double-quoted property name'],
    ['{\n  // memory\n  "type": "lru"\n}', "2:3): Expected property name or '}'"],
    ["{ 'type': 'lru' }", "1:3): Expected property name or '}'"],
    ['{ "type": "lru", "type": "redis" }', '1:18): Map keys must be unique'],
    ['{ "type": "lru"', "1:15): Expected ',' or '}' after property value"],
    ['{ "type": "lru"\n  "ttl": 5 }', "2:3): Expected ',' or '}' after property value"],
    ['{ "type" "lru" }', "1:10): Expected ':' after property name"],
    ['{ "password": "hunter2 }', '1:24): Unterminated string'],
    ['{\r\n"password": "hunter2\n" }', '2:21): Bad control character in string literal'],
    ['{ "password": "\\qhunter2" }', '1:17): Bad escaped character'],
    ['{ "ttl": 010 }', '1:11): Unexpected number'],
    ['{ "jitter": 1.,\n  "type": "lru" }', '1:15): Unterminated fractional number'],
    ['{ "ttl": -x }', '1:11): No number after minus sign'],
    ['{ "type": "lru" } hunter2', '1:19): Unexpected non-whitespace character after JSON'],
    ['{ "type": "lru" }\n---\n{ "type": "lru" }', '2:1): Unexpected non-whitespace character after JSON'],
    ['', '1:1): Unexpected end of JSON input'],
    ['\n', '1:1): Unexpected end of JSON input'],
    ['{ "ttl":', '1:8): Unexpected end of JSON input'],
    // Here JSON.parse says no place; what comes before could still become 'true'.
    ['type: lru', "1:2): Unexpected token 'y'"],
    ['{ "password": hunter2 }', "1:15): Unexpected token 'h'"],
    ['{ "a": &b 1, "c": *b }', "1:8): Unexpected token '&'"],
    ['{ "servers": [1,\n  nil] }', "2:4): Unexpected token 'i'"],
  ])('JSON: %j', async (text, message) => {
    expect(await said('a.json', text)).toBe(`a.json is not JSON: the config (a.json:${message}`)
  })

  describe('JSON that goes wrong anywhere', () => {
    const good = `{
  "type": "memcached",\t"servers": ["a\\u00e9\\"b", "é"],
  "ttl": [-2.5e+10, 0, 1],\r
  "guard": { "backOff": false, "claimed": {} }, "enabled": [true, null, []]
}`
    const placeAt = (offset: number) => {
      const before = good.slice(0, offset).split('\n')
      return [before.length, (before.at(-1) ?? '').length + 1]
    }
    const toldOf = (text: string) => {
      try {
        readText(text, 'JSON', 'a.json')
      } catch (error) {
        if (error instanceof ConfigError) return error.problems.map(({ line, column }) => [line, column])
        throw error
      }
      return 'taken'
    }
    const offsets = Array.from(good, (_, offset) => offset)

    it('is told at its end, where it ends too early', () => {
      expect(toldOf(good)).toBe('taken')
      for (const length of offsets.slice(1)) {
        expect([length, toldOf(good.slice(0, length))]).toEqual([length, [placeAt(length - 1)]])
      }
    })

    it('is told where it first does, whatever follows', () => {
      for (const offset of offsets) {
        const text = `${good.slice(0, offset)}\u0001${good.slice(offset)}\u0001 ]`
        expect([offset, toldOf(text)]).toEqual([offset, [placeAt(offset)]])
      }
    })
  })

  const NESTED =
    ". The names of an object begin in one column, and a blank follows each colon; a text with ': ' in it needs quotes"
  const SIGN = '. Write a text that begins with a sign in quotes: "@acme/store"'
  const STRING_KEYS =
    'With stringKeys, all keys must be strings. Write a text that has { } or [ ] in it in quotes'

  it.each([
    [
      'type: [lru\n',
      'the config (a.yaml:2:1): Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    [
      'type: lru\n type: redis\n',
      `the config (a.yaml:1:7): Nested mappings are not allowed in compact mappings${NESTED}`,
    ],
    ['type: lru\ntype: redis\n', 'the config (a.yaml:2:1): Map keys must be unique'],
    [
      'ttl: 5m\nurl: memory:\n',
      `the config (a.yaml:2:6): Nested mappings are not allowed in compact mappings${NESTED}`,
    ],
    [
      'caches:\n  a: none: \r\n  b: {}',
      `the config (a.yaml:2:6): Nested mappings are not allowed in compact mappings${NESTED}`,
    ],
    ['\ttype: lru\n', 'the config (a.yaml:1:1): Tabs are not allowed as indentation'],
    ['type: lru\n---\ntype: redis\n', 'the config (a.yaml:2:1): Source contains multiple documents'],
    ['password: "hunter2\n', 'the config (a.yaml:2:1): Missing closing'],
    [
      'password: hunter2: x\n',
      `the config (a.yaml:1:11): Nested mappings are not allowed in compact mappings${NESTED}`,
    ],
    ['ttl:5m\ntype: lru\n', `the config (a.yaml:1:1): Implicit keys need to be on a single line${NESTED}`],
    [
      'type: lru\nhunter2\n',
      `the config (a.yaml:2:1): Implicit map keys need to be followed by map values${NESTED}`,
    ],
    [
      'password: @hunter2\n',
      `the config (a.yaml:1:11): Plain value cannot start with reserved character @${SIGN}`,
    ],
    [
      'type: `hunter2`\n',
      `the config (a.yaml:1:7): Plain value cannot start with reserved character \`${SIGN}`,
    ],
    [
      'type: tiered\nremote: { type: @acme/store }\n',
      `the config (a.yaml:2:17): Plain value cannot start with reserved character @${SIGN}`,
    ],
    [
      'password: %hunter2\n',
      `the config (a.yaml:1:11): Plain value cannot start with directive indicator character %${SIGN}`,
    ],
    ['%hunter2\n---\na: 1\n', `the config (a.yaml:1:1): Unknown directive${SIGN}`],
    ['%YAML hunter2\n---\na: 1\n', `the config (a.yaml:1:7): Unsupported YAML version${SIGN}`],
    ['password: !hunter2! x\n', `the config (a.yaml:1:11): The tag has no suffix${SIGN}`],
    ['password: "\\Uhunter22"\n', 'the config (a.yaml:1:12): Invalid escape sequence'],
    [
      'password: |hunter2\n',
      `the config (a.yaml:1:12): Block scalar header includes extra characters${SIGN}`,
    ],
    [
      'password: >hunter2\n  x\n',
      `the config (a.yaml:1:12): Block scalar header includes extra characters${SIGN}`,
    ],
    ['password: !hunter2 x\n', `the config (a.yaml:1:11): Unresolved tag${SIGN}`],
    ['type: lru\nttl: !duration 5m\n', `the config (a.yaml:2:6): Unresolved tag${SIGN}`],
    ['!hunter2\n', `the config (a.yaml:1:1): Unresolved tag${SIGN}`],
    ['? { hunter2: 1 }\n: 5\n', `the config (a.yaml:1:3): ${STRING_KEYS}`],
    ['[hunter2]: lru\n', `the config (a.yaml:1:1): ${STRING_KEYS}`],
    ['type: lru\nprefix: {{ hunter2 }}\n', `the config (a.yaml:2:10): ${STRING_KEYS}`],
    ['password: "a" hunter2\n', 'the config (a.yaml:1:15): Unexpected scalar at node end'],
    ['password: *hunter2\n', 'Unresolved alias (the anchor must be set before the alias)'],
    [
      'a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c]',
      'Excessive alias count indicates a resource exhaustion attack',
    ],
    [
      'guard: { limitLoads: ${LIMIT} }\n',
      'the config (a.yaml:1:23): Unexpected flow-map-start at node end. Within { } and [ ] write a variable in quotes: "${NAME}"',
    ],
    [
      'servers: [${HOST}, b]\n',
      'the config (a.yaml:1:12): Missing , or : between flow sequence items. Within { } and [ ] write a variable in quotes: "${NAME}"',
    ],
  ])('YAML: %j', async (text, message) => {
    expect(await said('a.yaml', text)).toBe(`a.yaml is not YAML: ${message}`)
  })

  it.each([
    '? { hunter2: 1 }\n: 5\n',
    'type: lru\nprefix: {{ hunter2 }}\n',
    'password: !hunter2 x\n',
    '%YAML 9.9\n---\npassword: hunter2\n',
    '%HUNTER2\n---\npassword: x\n',
  ])('nothing of it goes to the console: %j', async text => {
    const consoles = [
      vi.spyOn(process, 'emitWarning').mockReturnValue(),
      vi.spyOn(console, 'warn').mockReturnValue(),
      vi.spyOn(process.stderr, 'write').mockReturnValue(true),
    ]
    onTestFinished(() => void vi.restoreAllMocks())
    expect(await said('a.yaml', text)).toMatch(/^a\.yaml is not YAML: /)
    for (const said of consoles) expect(said).not.toHaveBeenCalled()
  })

  it('is no name that is a number, true or null: in YAML they are taken for texts', () => {
    const { value } = readText('5: a\ntrue: b\n~: c\nnull: d\n', 'YAML', 'a.yaml')
    expect(value).toEqual({ 5: 'a', true: 'b', '~': 'c', null: 'd' })
  })
})

it('The message of a file lists its problems by path and place', async () => {
  const path = await fileWith('cache.yml', 'type: lru\nttl: soon\nmaxEntries: 0\n')
  const error = await refusal(fromFile(path))
  expect({ name: error.name, code: error.code, message: error.message }).toEqual({
    name: 'CacheError',
    code: 'ERR_CACHE_CONFIG',
    message: `${path} has 2 problems:
  - ttl (${path}:2:6): expected ${FROM_0_MS}; received 'soon'
  - maxEntries (${path}:3:13): expected an integer from 1 to 16777216; received 0`,
  })
  expect(await problemsOf({ type: 'lru', ttl: 'soon' })).toEqual([
    `ttl: expected ${FROM_0_MS}; received 'soon'`,
  ])
})
