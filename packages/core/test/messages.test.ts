import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, expect, test } from 'vitest'
import { quote } from '../src/errors.js'
import { checkOptions } from '../src/options/options.js'

describe('what is quoted in a message', () => {
  test.each([
    ['text', "'text'"],
    [{ a: { b: {} } }, '{ a: { b: {} } }'],
    ['x'.repeat(100), `'${'x'.repeat(76)}…`],
    ['https://example.org/@ada', "'https://example.org/@ada'"],
    [new URL('https://example.org/a'), "'https://example.org/a'"],
    ['redis://host:6379/0', "'redis://host:6379/0'"],
    ['redis://[::1]:6379', "'redis://[::1]:6379'"],
    ['memcached://a:11211,b:11212', "'memcached://a:11211,b:11212'"],
    [{ key: 'token', host: 'a' }, "{ key: 'token', host: 'a' }"],
  ])('is %o', (value, quoted) => {
    expect(quote(value)).toBe(quoted)
  })

  test.each([
    [new URL('redis://u:s3cret@h')],
    [{ url: new URL('redis://u:s3cret@h') }],
    [['redis://:s3cret@h']],
    [{ password: 's3cret' }],
    [{ password: "s3c'ret" }],
    ['redis://ada:s3c/ret@h'],
    ['redis://ada:s3c@ret?@h'],
    ['rediss://ada:s3cret'],
    ['memcached://ada:s3c#ret@h'],
    [{ tls: { passphrase: 's3cret' } }],
    [{ pass: 's3cret' }],
    [{ authToken: 's3cret' }],
  ])('shows no password: %#', value => {
    expect(quote(value)).not.toMatch(/s3c|ret/)
  })

  test('is a promise, without the asynchronous context that it was made in', () => {
    const request = new AsyncLocalStorage<{ token: string }>()
    const made = request.run({ token: 's3cret' }, () => Promise.resolve('t'))
    expect(quote(made)).toBe('a Promise')
  })
})

describe('options', () => {
  test('that are no object are told the function, and what else it takes', () => {
    expect(() => checkOptions('fromUrl', '5m', [])).toThrow(
      "fromUrl takes its options as an object; received '5m'",
    )
    expect(() => checkOptions('breaker', true, [], ', or is false')).toThrow(
      'breaker takes its options as an object, or is false; received true',
    )
  })

  test('that are unknown are told the nearest one, and all', () => {
    expect(() => checkOptions('lruStore', { maxEntires: 1 }, ['maxEntries', 'maxSize'])).toThrow(
      "unknown option 'maxEntires' of lruStore; did you mean 'maxEntries'? Known: maxEntries, maxSize",
    )
    expect(() => checkOptions('lruStore', { color: 1 }, ['maxEntries'])).toThrow(
      "unknown option 'color' of lruStore. Known: maxEntries",
    )
  })
})
