import { CacheError } from '@lookaside/core'
import { expect, test } from 'vitest'
import { memcachedStore } from '../src/index.js'

function refusal(options: unknown): CacheError {
  try {
    memcachedStore(options as string)
  } catch (error) {
    if (error instanceof CacheError) return error
    throw error
  }
  throw new Error('expected it to be refused')
}

test.each([
  [{}, 'memcached(127.0.0.1:11211)'],
  ['memcached://localhost', 'memcached(localhost:11211)'],
  ['MEMCACHED://a:1,b,c:65535/', 'memcached(a:1,b:11211,c:65535)'],
  ['memcached://[::1]:5,10.0.0.1', 'memcached([::1]:5,10.0.0.1:11211)'],
  ['memcached://user:pa%40ss@a:1,b:2', 'memcached(a:1,b:2)'],
  [new URL('memcached://user:secret@cache.example:11212'), 'memcached(cache.example:11212)'],
  [{ servers: ['a', '[fe80::1]:2'] }, 'memcached(a:11211,[fe80::1]:2)'],
  [{ url: 'memcached://a', timeout: '1s' as const, maxQueue: 1 }, 'memcached(a:11211)'],
])('%j makes %s', (options, name) => {
  expect(memcachedStore(options).name).toBe(name)
})

test('the options may be left out', () => {
  expect(memcachedStore().name).toBe('memcached(127.0.0.1:11211)')
})

test.each([
  'redis://user:hunter2@localhost',
  'user:hunter2@localhost:11211',
  'memcached://user:hunter2@',
  'memcached://user:hunter2@a,,b',
  'memcached://user:hunter2@a:0',
  'memcached://user:hunter2@a:65536',
  'memcached://user:hunter2@a:port',
  'memcached://user:hunter2@a/0',
  'memcached://user:hunt%er2@a',
  'memcached://user:hunter2@x@a',
  'memcached://a:1,user:hunter2@b:2',
  'memcached://user@a?password=hunter2',
  'memcached://:hunter2@a',
  'memcached://user:hunter2@a?timeout=1s',
  'memcached://user:hunter2/3@a#x',
  'memcached://a?password=hunter2',
  'memcached://user:hunter2\n@a b',
  '',
])('the URL %j is refused without showing what may be a password', url => {
  const error = refusal(url)
  expect(error.code).toBe('ERR_CACHE_URL')
  expect(error.message).toContain('memcached://[user:password@]host')
  expect(error.message).not.toContain('hunter2')
})

test.each([
  [{ sevrers: ['a'] }, "did you mean 'servers'?"],
  [{ maxValueByte: 5 }, "did you mean 'maxValueBytes'?"],
  [{ zzzzzzzzzz: 5 }, 'Known: url, servers'],
  [{ servers: [] }, "a list of at least one 'host:port'"],
  [{ servers: 'a:1' }, "a list of at least one 'host:port'"],
  [{ servers: ['a:1', 'a:0'] }, "received 'a:0'"],
  [{ servers: ['user:hunter2@a'] }, "received '***@a'"],
  [{ servers: [5] }, 'received 5'],
  [{ servers: ['a', 'a:11211'] }, 'a:11211 stands among the servers twice'],
  [{ url: 'memcached://a', servers: ['b'] }, "'servers' can't be given with it"],
  [{ username: 'user' }, "'username' and 'password' go together"],
  [{ password: 'hunter2' }, "'username' and 'password' go together"],
  [{ username: 'user', password: '' }, "'password' must be a non-empty string"],
  [{ username: 'user', password: ['hunter2'] }, "'password' must be a non-empty string"],
  [{ timeout: 0 }, "'timeout' must be from 1"],
  [{ connectTimeout: '25d' }, "'connectTimeout' must be from 1"],
  [{ maxQueue: 0 }, "'maxQueue' must be an integer from 1"],
  [{ maxValueBytes: 1.5 }, "'maxValueBytes' must be an integer from 1"],
  [{ dialect: 'perl' }, "'dialect' must be 'plain', 'python', 'php', 'ruby', 'java', 'dotnet', or { text"],
  [{ dialect: 'toString' }, "received 'toString'"],
  [{ dialect: null }, "'dialect' must be"],
  [{ dialect: 16 }, 'received 16'],
  [{ dialect: {} }, 'received {}'],
  [{ dialect: { text: -1 } }, 'flags from 0 to 4294967295; received { text: -1 }'],
  [{ dialect: { text: 1, json: 2 ** 32 } }, 'flags from 0 to 4294967295'],
  [{ dialect: { text: 1, bytes: 1.5 } }, 'flags from 0 to 4294967295'],
  [{ dialect: { txt: 1 } }, "unknown option 'txt' of 'dialect' of memcachedStore; did you mean 'text'?"],
  [undefined, 'it received undefined; is the environment variable set?'],
  [{ url: undefined }, "'url' is undefined; is the environment variable set?"],
  [
    { client: { password: 'hunter2' } },
    "'client' must be a Client of memjs with at least one server; received an object without servers",
  ],
  [{ client: { servers: [], incrSeq() {}, getServer() {} } }, 'received an object without servers'],
  [{ client: { servers: [{}], incrSeq() {} } }, 'received an object without getServer()'],
  [{ client: 5 }, 'received a value of type number'],
  [
    { client: { servers: [{}], incrSeq() {}, getServer() {} }, timeout: 5 },
    "'timeout' can't be given with it",
  ],
  [{ servers: [{}], incrSeq() {}, getServer() {} }, 'memcachedStore({ client })'],
  [5, 'takes its options as an object'],
])('the options %j are refused', (options, message) => {
  const error = refusal(options)
  expect(error.code).toBe('ERR_CACHE_OPTION')
  expect(error.message).toContain(message)
  expect(error.message).not.toContain('hunter2')
})

test('a span of time that is none is refused', () => {
  expect(refusal({ timeout: '5 parsecs' })).toMatchObject({
    code: 'ERR_CACHE_DURATION',
    message: expect.stringContaining("'timeout' of memcachedStore"),
  })
})
