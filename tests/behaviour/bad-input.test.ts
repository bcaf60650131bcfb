import { type CacheOptions, createCache, isCacheError } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { memoryRemoteStore } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { type Backend, lru, memory, openCache } from '../backends.js'

/** What TypeScript would not let through: programs in JavaScript, and values from outside. */
const wrong = (value: unknown) => value as never

/** How each call refuses its input: whether it throws or rejects, the code, and the message. */
async function refusals(calls: Record<string, () => unknown>): Promise<Record<string, string>> {
  const answers: Record<string, string> = {}
  for (const [name, call] of Object.entries(calls)) answers[name] = await refusal(call)
  return answers
}

async function refusal(call: () => unknown): Promise<string> {
  let how = 'throws'
  try {
    const answer = call()
    how = 'rejects'
    await answer
    return 'takes it'
  } catch (error) {
    return isCacheError(error) ? `${how} ${error.code}: ${error.message}` : `${how} ${error}`
  }
}

const create = (options: Record<string, unknown>) => () =>
  createCache({ store: lruStore(), ...options } as CacheOptions)
const load = () => 'value'

describe.each([lru, memory])('Bad keys on $name', (backend: Backend) => {
  it.each([
    ['', "''"],
    [undefined, 'undefined'],
    [null, 'null'],
    [42, '42'],
    [['a'], "[ 'a' ]"],
    [Symbol('s'), 'Symbol(s)'],
    [{ id: 1 }, '{ id: 1 }'],
  ])('are refused by every method, and quoted: %o', async (bad, quoted) => {
    const cache = openCache(backend)
    const key = wrong(bad)
    const message = `rejects ERR_CACHE_KEY: a key must be a non-empty string; received ${quoted}`
    const answers = await refusals({
      getOrSet: () => cache.getOrSet(key, load),
      get: () => cache.get(key),
      has: () => cache.has(key),
      lookup: () => cache.lookup(key),
      set: () => cache.set(key, 1),
      delete: () => cache.delete(key),
      expire: () => cache.expire(key),
      getMany: () => cache.getMany(['a', key]),
      setMany: () =>
        cache.setMany([
          ['a', 1],
          [key, 1],
        ]),
      deleteMany: () => cache.deleteMany(['a', key]),
      wrap: () => cache.wrap(load, { key: () => key })(),
      invalidateAfter: () => cache.invalidateAfter(load, { keys: [key] }),
    })
    for (const [method, answer] of Object.entries(answers))
      expect([method, answer]).toEqual([method, message])
    expect(() => cache.invalidation().keys(key)).toThrow(
      `a key must be a non-empty string; received ${quoted}`,
    )
    expect(cache.peek(key)).toBeUndefined()
  })

  it('among good ones keep setMany and deleteMany from doing half of their work', async () => {
    const cache = openCache(backend)
    await cache.set('kept', 1)
    await expect(cache.deleteMany(['kept', ''])).rejects.toThrow('a key must be')
    const entries = [
      ['b', 1],
      ['', 1],
    ] as const
    await expect(cache.setMany(entries)).rejects.toThrow('a key must be')
    expect([...(await cache.getMany(['kept', 'b'])).keys()]).toEqual(['kept'])
  })

  it('are refused as a whole when they are no array', async () => {
    const cache = openCache(backend)
    expect(
      await refusals({
        getMany: () => cache.getMany(wrong('ab')),
        deleteMany: () => cache.deleteMany(wrong(undefined)),
        setMany: () => cache.setMany(wrong({ a: 1 })),
        'setMany of keys': () => cache.setMany(wrong(['ab'])),
        'setMany of nothing': () => cache.setMany(wrong([undefined])),
      }),
    ).toMatchInlineSnapshot(`
      {
        "deleteMany": "rejects ERR_CACHE_KEY: keys must be an array of non-empty strings; received undefined",
        "getMany": "rejects ERR_CACHE_KEY: keys must be an array of non-empty strings; received 'ab'",
        "setMany": "rejects ERR_CACHE_OPTION: setMany takes pairs of a key and a value, in an array or a Map; received { a: 1 }",
        "setMany of keys": "rejects ERR_CACHE_OPTION: setMany takes pairs of a key and a value, in an array or a Map; received [ 'ab' ]",
        "setMany of nothing": "rejects ERR_CACHE_OPTION: setMany takes pairs of a key and a value, in an array or a Map; received [ undefined ]",
      }
    `)
  })
})

describe.each([lru, memory])('Bad options of a call on $name', (backend: Backend) => {
  it('are refused when there is something to load', async () => {
    const cache = openCache(backend)
    const ask = (options: unknown) => () => cache.getOrSet('a', load, wrong(options))
    expect(
      await refusals({
        'an unknown name': ask({ tll: 5 }),
        'a name of another method': ask({ ifVersion: 1 }),
        'an option of the cache': ask({ codec: 'json' }),
        'no object': ask('5m'),
        null: ask(null),
        'a negative ttl': ask({ ttl: -1 }),
        'a ttl of NaN': ask({ ttl: Number.NaN }),
        'an endless ttl': ask({ ttl: Number.POSITIVE_INFINITY }),
        'a huge ttl': ask({ ttl: '4000d' }),
        'a malformed ttl': ask({ ttl: '5 minutes' }),
        'a ttl with a sign': ask({ ttl: '-5m' }),
        'an empty ttl': ask({ ttl: '' }),
        'a ttl of another type': ask({ ttl: { minutes: 5 } }),
        'a ttl function that returns none': ask({ ttl: () => 'never' }),
        'a negative grace': ask({ grace: -1 }),
        'a malformed negativeTtl': ask({ negativeTtl: '5min' }),
        'a hardTimeout of 0': ask({ hardTimeout: 0 }),
        'jitter over 1': ask({ jitter: 1.1 }),
        'jitter in percent': ask({ jitter: '10%' }),
        'a fractional version': ask({ version: 1.5 }),
        'a negative version': ask({ version: -1 }),
        'a version over 2^32 - 1': ask({ version: 2 ** 32 }),
        'a schema that is none': ask({ schema: { parse() {} } }),
        'a signal that is none': ask({ signal: {} }),
        'a loader that is none': () => cache.getOrSet('a', wrong('value')),
        'no loader': () => cache.getOrSet('a', wrong(undefined)),
      }),
    ).toMatchInlineSnapshot(`
      {
        "a fractional version": "rejects ERR_CACHE_OPTION: version must be an integer from 0 to 2^32 - 1; received 1.5",
        "a hardTimeout of 0": "rejects ERR_CACHE_OPTION: hardTimeout must be at least 1 ms; received 0",
        "a huge ttl": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received '4000d'",
        "a loader that is none": "rejects ERR_CACHE_OPTION: getOrSet takes a function that loads the value; received 'value'",
        "a malformed negativeTtl": "rejects ERR_CACHE_DURATION: negativeTtl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received '5min'",
        "a malformed ttl": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received '5 minutes'",
        "a name of another method": "rejects ERR_CACHE_OPTION: unknown option 'ifVersion' of getOrSet; did you mean 'version'? Known: ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, tags, refresh, signal, waitUntil",
        "a negative grace": "rejects ERR_CACHE_DURATION: grace must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
        "a negative ttl": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
        "a negative version": "rejects ERR_CACHE_OPTION: version must be an integer from 0 to 2^32 - 1; received -1",
        "a schema that is none": "rejects ERR_CACHE_OPTION: schema must be a Standard Schema, such as one of zod, valibot or arktype; received { parse: [Function: parse] }",
        "a signal that is none": "rejects ERR_CACHE_OPTION: signal must be an AbortSignal; received {}",
        "a ttl function that returns none": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received 'never'",
        "a ttl of NaN": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received NaN",
        "a ttl of another type": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received { minutes: 5 }",
        "a ttl with a sign": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received '-5m'",
        "a version over 2^32 - 1": "rejects ERR_CACHE_OPTION: version must be an integer from 0 to 2^32 - 1; received 4294967296",
        "an empty ttl": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received ''",
        "an endless ttl": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received Infinity",
        "an option of the cache": "rejects ERR_CACHE_OPTION: unknown option 'codec' of getOrSet. Known: ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, tags, refresh, signal, waitUntil",
        "an unknown name": "rejects ERR_CACHE_OPTION: unknown option 'tll' of getOrSet; did you mean 'ttl'? Known: ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, tags, refresh, signal, waitUntil",
        "jitter in percent": "rejects ERR_CACHE_OPTION: jitter must be a share from 0 to 1; received '10%'",
        "jitter over 1": "rejects ERR_CACHE_OPTION: jitter must be a share from 0 to 1; received 1.1",
        "no loader": "rejects ERR_CACHE_OPTION: getOrSet takes a function that loads the value; received undefined",
        "no object": "rejects ERR_CACHE_OPTION: getOrSet takes its options as an object; received '5m'",
        "null": "rejects ERR_CACHE_OPTION: getOrSet takes its options as an object; received null",
      }
    `)
    expect((await cache.lookup('a')).state).toBe('miss')
  })

  it('are refused by the other methods', async () => {
    const cache = openCache(backend)
    const { version } = await cache.lookup('another')
    expect(
      await refusals({
        'get, an unknown name': () => cache.get('a', wrong({ ttl: 1 })),
        'get, a bad schema': () => cache.get('a', wrong({ schema: 'user' })),
        'has, a bad version': () => cache.has('a', wrong({ version: '1' })),
        'lookup, no object': () => cache.lookup('a', wrong(1)),
        'getMany, an unknown name': () => cache.getMany(['a'], wrong({ shema: 1 })),
        'set, an unknown name': () => cache.set('a', 1, wrong({ ifversion: 1 })),
        'set, a bad ttl': () => cache.set('a', 1, wrong({ ttl: '1y' })),
        'set, a ttl function': () => cache.set('a', 1, wrong({ ttl: () => 1 })),
        'set, a version of no lookup': () => cache.set('a', 1, wrong({ ifVersion: { key: 'a' } })),
        'set, a version of another key': () => cache.set('a', 1, { ifVersion: version }),
        'setMany, ifVersion': () => cache.setMany([['a', 1]], wrong({ ifVersion: version })),
        'ready, an unknown name': () => cache.ready(wrong({ timeOut: 1 })),
        'ready, a bad timeout': () => cache.ready(wrong({ timeout: 'soon' })),
        'invalidateAfter, no options': () => cache.invalidateAfter(load, wrong(undefined)),
        'invalidateAfter, neither keys nor tags': () => cache.invalidateAfter(load, wrong({})),
        'invalidateAfter, keys that are none': () => cache.invalidateAfter(load, wrong({ keys: 'a' })),
        'invalidateAfter, an unknown name': () => cache.invalidateAfter(load, wrong({ key: ['a'] })),
        'invalidateAfter, no write': () => cache.invalidateAfter(wrong('UPDATE'), { keys: ['a'] }),
        'on, no listener': () => cache.on(wrong('hit')),
      }),
    ).toMatchInlineSnapshot(`
      {
        "get, a bad schema": "rejects ERR_CACHE_OPTION: schema must be a Standard Schema, such as one of zod, valibot or arktype; received 'user'",
        "get, an unknown name": "rejects ERR_CACHE_OPTION: unknown option 'ttl' of a read. Known: schema, version, tags",
        "getMany, an unknown name": "rejects ERR_CACHE_OPTION: unknown option 'shema' of a read; did you mean 'schema'? Known: schema, version, tags",
        "has, a bad version": "rejects ERR_CACHE_OPTION: version must be an integer from 0 to 2^32 - 1; received '1'",
        "invalidateAfter, an unknown name": "rejects ERR_CACHE_OPTION: unknown option 'key' of invalidateAfter; did you mean 'keys'? Known: keys, tags",
        "invalidateAfter, keys that are none": "rejects ERR_CACHE_OPTION: keys of invalidateAfter must be an array or a function; received 'a'",
        "invalidateAfter, neither keys nor tags": "rejects ERR_CACHE_OPTION: invalidateAfter needs keys or tags, or both: what the write makes obsolete; received {}",
        "invalidateAfter, no options": "rejects ERR_CACHE_OPTION: invalidateAfter needs keys or tags, or both: what the write makes obsolete; received undefined",
        "invalidateAfter, no write": "rejects ERR_CACHE_OPTION: invalidateAfter takes the write as a function; received 'UPDATE'",
        "lookup, no object": "rejects ERR_CACHE_OPTION: a read takes its options as an object; received 1",
        "on, no listener": "throws ERR_CACHE_OPTION: on takes a function that is called for each event; received 'hit'",
        "ready, a bad timeout": "rejects ERR_CACHE_DURATION: timeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received 'soon'",
        "ready, an unknown name": "rejects ERR_CACHE_OPTION: unknown option 'timeOut' of ready; did you mean 'timeout'? Known: timeout",
        "set, a bad ttl": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received '1y'",
        "set, a ttl function": "rejects ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received [Function: ttl]",
        "set, a version of another key": "rejects ERR_CACHE_OPTION: ifVersion must be the version that lookup('a') of the same cache returned; received FoundVersion { key: 'another' }",
        "set, a version of no lookup": "rejects ERR_CACHE_OPTION: ifVersion must be the version that lookup('a') of the same cache returned; received { key: 'a' }",
        "set, an unknown name": "rejects ERR_CACHE_OPTION: unknown option 'ifversion' of set; did you mean 'ifVersion'? Known: ttl, grace, negativeTtl, jitter, version, schema, tags, ifVersion",
        "setMany, ifVersion": "rejects ERR_CACHE_OPTION: unknown option 'ifVersion' of setMany; did you mean 'version'? Known: ttl, grace, negativeTtl, jitter, version, schema, tags",
      }
    `)
    expect((await cache.lookup('a')).state).toBe('miss')
  })

  it('are refused by wrap and namespace at once', async () => {
    const cache = openCache(backend, { prefix: 'shop' })
    const nested = (path: string[]) => path.reduce((view, name) => view.namespace(name), cache)
    expect(
      await refusals({
        'wrap, no function': () => cache.wrap(wrong('f'), { key: 'f' }),
        'wrap, no options': () => cache.wrap(load, wrong(undefined)),
        'wrap, no key': () => cache.wrap(load, wrong({ ttl: 1 })),
        'wrap, an empty key': () => cache.wrap(load, { key: '' }),
        'wrap, an unknown name': () => cache.wrap(load, wrong({ key: 'f', tll: 1 })),
        'wrap, an argument without a text': () => cache.wrap((_: unknown) => 1, { key: 'f' })(() => {}),
        'namespace, no name': () => cache.namespace(wrong(undefined)),
        'namespace, an empty name': () => cache.namespace(''),
        'namespace, a colon': () => cache.namespace('a:b'),
        'namespace, a space': () => cache.namespace('a b'),
        'namespace, too deep': () => nested(Array<string>(8).fill('a-rather-long-name')),
        'namespace, an unknown name': () => cache.namespace('a', wrong({ ttll: 1 })),
        'namespace, an option of the cache': () => cache.namespace('a', wrong({ prefix: 'b' })),
        'namespace, a bad ttl': () => cache.namespace('a', wrong({ ttl: 'day' })),
        'namespace, a bad codec': () => cache.namespace('a', wrong({ codec: 'yaml' })),
        'namespace, no object': () => cache.namespace('a', wrong('1m')),
      }),
    ).toMatchInlineSnapshot(`
      {
        "namespace, a bad codec": "throws ERR_CACHE_OPTION: codec must be 'auto', 'json', 'structured', 'raw', 'raw-json', 'raw-bytes', or { name, id from 128 to 255, encode, decode }; received 'yaml'",
        "namespace, a bad ttl": "throws ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received 'day'",
        "namespace, a colon": "throws ERR_CACHE_NAMESPACE: a namespace must be a non-empty string of letters, digits, '_', '.' and '-'; received 'a:b'",
        "namespace, a space": "throws ERR_CACHE_NAMESPACE: a namespace must be a non-empty string of letters, digits, '_', '.' and '-'; received 'a b'",
        "namespace, an empty name": "throws ERR_CACHE_NAMESPACE: a namespace must be a non-empty string of letters, digits, '_', '.' and '-'; received ''",
        "namespace, an option of the cache": "throws ERR_CACHE_OPTION: unknown option 'prefix' of namespace('a'). Known: ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, codec, compression",
        "namespace, an unknown name": "throws ERR_CACHE_OPTION: unknown option 'ttll' of namespace('a'); did you mean 'ttl'? Known: ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, codec, compression",
        "namespace, no name": "throws ERR_CACHE_NAMESPACE: a namespace must be a non-empty string of letters, digits, '_', '.' and '-'; received undefined",
        "namespace, no object": "throws ERR_CACHE_OPTION: namespace('a') takes its options as an object; received '1m'",
        "namespace, too deep": "throws ERR_CACHE_NAMESPACE: the prefix and the names of nested namespaces, joined by ':', must be at most 100 characters long; received 118: 'shop:a-rather-long-name:a-rather-long-name:a-rather-long-name:a-rather-long-…",
        "wrap, an argument without a text": "rejects ERR_CACHE_KEY: can't make a key of the arguments of 'f': argument 1 is a function; give \`key\`, a function that makes one of the arguments",
        "wrap, an empty key": "throws ERR_CACHE_OPTION: key of wrap must be a name, or a function of the arguments that returns the key; received ''. Without it two functions could share a key",
        "wrap, an unknown name": "throws ERR_CACHE_OPTION: unknown option 'tll' of wrap; did you mean 'ttl'? Known: key, ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, tags",
        "wrap, no function": "throws ERR_CACHE_OPTION: wrap takes the function to cache; received 'f'",
        "wrap, no key": "throws ERR_CACHE_OPTION: key of wrap must be a name, or a function of the arguments that returns the key; received undefined. Without it two functions could share a key",
        "wrap, no options": "throws ERR_CACHE_OPTION: key of wrap must be a name, or a function of the arguments that returns the key; received undefined. Without it two functions could share a key",
      }
    `)
  })
})

describe('Bad options of createCache', () => {
  it('are refused at once', async () => {
    expect(
      await refusals({
        'no options': () => createCache(wrong(undefined)),
        null: () => createCache(wrong(null)),
        'a URL': () => createCache(wrong('redis://localhost')),
        'no store': () => createCache(wrong({})),
        'a store that is none': create({ store: new Map() }),
        'the function that makes a store': create({ store: lruStore }),
        'an unknown name': create({ tll: 5 }),
        'another unknown name': create({ onError: () => {} }),
        'a guard that is none': create({ guard: 'singleFlight' }),
        'a prefix of another type': create({ prefix: 5 }),
        'a prefix with a colon': create({ prefix: 'a:' }),
        'a prefix over 100 characters': create({ prefix: 'x'.repeat(101) }),
        'a bad ttl': create({ ttl: '5 m' }),
        'a bad grace': create({ grace: '-1s' }),
        'a bad negativeTtl': create({ negativeTtl: Number.NaN }),
        'a bad hardTimeout': create({ hardTimeout: '0s' }),
        'a bad jitter': create({ jitter: -0.1 }),
        'a bad version': create({ version: '2' }),
        'a bad schema': create({ schema: 'user' }),
        'an unknown clone mode': create({ clone: 'deep' }),
        'a claimTtl of 0': create({ claimTtl: 0 }),
        'a bad claimTtl': create({ claimTtl: 'long' }),
        'a storeTimeout of 0': create({ storeTimeout: '0ms' }),
        'a bad storeTimeout': create({ storeTimeout: -1 }),
        'a breaker that is none': create({ breaker: true }),
        'an unknown name of breaker': create({ breaker: { failure: 1 } }),
        'a breaker without failures': create({ breaker: { failures: 0 } }),
        'a breaker that probes always': create({ breaker: { probeEvery: 0 } }),
        'an unknown codec': create({ codec: 'yaml' }),
        'a codec without an id of its own': create({
          codec: { name: 'mine', id: 5, encode() {}, decode() {} },
        }),
        'a codec that only encodes': create({ codec: { name: 'mine', id: 200, encode() {} } }),
        'a compression that is none': create({ compression: 'gzip' }),
        'an unknown name of compression': create({ compression: { treshold: 1 } }),
        'a bad threshold': create({ compression: { threshold: -1 } }),
        'an unknown onUndelivered': create({ onUndelivered: 'throw' }),
      }),
    ).toMatchInlineSnapshot(`
      {
        "a URL": "throws ERR_CACHE_OPTION: createCache takes its options as an object; received 'redis://localhost'",
        "a bad claimTtl": "throws ERR_CACHE_DURATION: claimTtl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received 'long'",
        "a bad grace": "throws ERR_CACHE_DURATION: grace must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received '-1s'",
        "a bad hardTimeout": "throws ERR_CACHE_OPTION: hardTimeout must be at least 1 ms; received '0s'",
        "a bad jitter": "throws ERR_CACHE_OPTION: jitter must be a share from 0 to 1; received -0.1",
        "a bad negativeTtl": "throws ERR_CACHE_DURATION: negativeTtl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received NaN",
        "a bad schema": "throws ERR_CACHE_OPTION: schema must be a Standard Schema, such as one of zod, valibot or arktype; received 'user'",
        "a bad storeTimeout": "throws ERR_CACHE_DURATION: storeTimeout must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received -1",
        "a bad threshold": "throws ERR_CACHE_OPTION: compression must be true, false or { threshold: bytes, an integer >= 0 }; received { threshold: -1 }",
        "a bad ttl": "throws ERR_CACHE_DURATION: ttl must be milliseconds from 0 to 315360000000 (ten years), or a string such as '250ms', '30s', '5m', '1h', '7d'; received '5 m'",
        "a bad version": "throws ERR_CACHE_OPTION: version must be an integer from 0 to 2^32 - 1; received '2'",
        "a breaker that is none": "throws ERR_CACHE_OPTION: breaker takes its options as an object, or is false; received true",
        "a breaker that probes always": "throws ERR_CACHE_OPTION: probeEvery of breaker must be at least 1 ms; received 0",
        "a breaker without failures": "throws ERR_CACHE_OPTION: failures of breaker must be a number from 1; received 0",
        "a claimTtl of 0": "throws ERR_CACHE_OPTION: claimTtl must be at least 1 ms; received 0",
        "a codec that only encodes": "throws ERR_CACHE_OPTION: codec must be 'auto', 'json', 'structured', 'raw', 'raw-json', 'raw-bytes', or { name, id from 128 to 255, encode, decode }; received { name: 'mine', id: 200, encode: [Function: encode] }",
        "a codec without an id of its own": "throws ERR_CACHE_OPTION: codec must be 'auto', 'json', 'structured', 'raw', 'raw-json', 'raw-bytes', or { name, id from 128 to 255, encode, decode }; received { name: 'mine', id: 5, encode: [Function: encode], decode: [Function: decode] }",
        "a compression that is none": "throws ERR_CACHE_OPTION: compression takes its options as an object, or is true or false; received 'gzip'",
        "a guard that is none": "throws ERR_CACHE_OPTION: guard must have the method run; received 'singleFlight'",
        "a prefix of another type": "throws ERR_CACHE_OPTION: prefix must be a string; received 5",
        "a prefix over 100 characters": "throws ERR_CACHE_NAMESPACE: the prefix and the names of nested namespaces, joined by ':', must be at most 100 characters long; received 101: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…",
        "a prefix with a colon": "throws ERR_CACHE_NAMESPACE: the prefix must consist of letters, digits, '_', '.' and '-', or be '' for none; nest with namespace(); received 'a:'",
        "a store that is none": "throws ERR_CACHE_OPTION: store must be a store, such as lruStore({ maxEntries: 10_000 }) or redisStore('redis://localhost:6379'); received Map(0) {}",
        "a storeTimeout of 0": "throws ERR_CACHE_OPTION: storeTimeout must be at least 1 ms; received '0ms'",
        "an unknown clone mode": "throws ERR_CACHE_OPTION: clone must be 'structured' or 'freeze', or be left out for values by reference; received 'deep'",
        "an unknown codec": "throws ERR_CACHE_OPTION: codec must be 'auto', 'json', 'structured', 'raw', 'raw-json', 'raw-bytes', or { name, id from 128 to 255, encode, decode }; received 'yaml'",
        "an unknown name": "throws ERR_CACHE_OPTION: unknown option 'tll' of createCache; did you mean 'ttl'? Known: store, guard, namespaces, prefix, clone, claimTtl, storeTimeout, breaker, bus, maxLocalStaleness, onUndelivered, waitUntil, clock, ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, codec, compression",
        "an unknown name of breaker": "throws ERR_CACHE_OPTION: unknown option 'failure' of breaker; did you mean 'failures'? Known: failures, probeEvery",
        "an unknown name of compression": "throws ERR_CACHE_OPTION: unknown option 'treshold' of compression; did you mean 'threshold'? Known: threshold",
        "an unknown onUndelivered": "throws ERR_CACHE_OPTION: onUndelivered must be 'queue' or 'reject'; received 'throw'",
        "another unknown name": "throws ERR_CACHE_OPTION: unknown option 'onError' of createCache. Known: store, guard, namespaces, prefix, clone, claimTtl, storeTimeout, breaker, bus, maxLocalStaleness, onUndelivered, waitUntil, clock, ttl, grace, negativeTtl, jitter, version, schema, hardTimeout, codec, compression",
        "no options": "throws ERR_CACHE_OPTION: store must be a store, such as lruStore({ maxEntries: 10_000 }) or redisStore('redis://localhost:6379'); received undefined",
        "no store": "throws ERR_CACHE_OPTION: store must be a store, such as lruStore({ maxEntries: 10_000 }) or redisStore('redis://localhost:6379'); received undefined",
        "null": "throws ERR_CACHE_OPTION: store must be a store, such as lruStore({ maxEntries: 10_000 }) or redisStore('redis://localhost:6379'); received undefined",
        "the function that makes a store": "throws ERR_CACHE_OPTION: store must be a store, such as lruStore({ maxEntries: 10_000 }) or redisStore('redis://localhost:6379'); received [Function: lruStore]",
      }
    `)
  })

  it('leave the store as it was: another cache may own and close it', async () => {
    let closed = 0
    const inner = memoryRemoteStore()
    const store = { ...inner, close: async () => void closed++ }
    expect(() => createCache({ store, guard: wrong({}) })).toThrow('guard must have the method run')
    await createCache({ store }).close()
    expect(closed).toBe(1)
  })
})

describe('Bad options of the factories of stores', () => {
  it('are refused at once, without what may be a password', async () => {
    expect(
      await refusals({
        'lru, an unknown name': () => lruStore(wrong({ maxEntires: 5 })),
        'lru, no entries': () => lruStore({ maxEntries: 0 }),
        'redis, another scheme': () => redisStore('http://user:secret@localhost'),
        'redis, a bad port': () => redisStore('redis://user:secret@localhost:99999'),
        'redis, an unknown name': () => redisStore(wrong({ hots: 'localhost' })),
        'memcached, another scheme': () => memcachedStore('redis://user:secret@localhost'),
        'memcached, a bad port': () => memcachedStore('memcached://user:secret@localhost:99999'),
        'memcached, an unknown name': () => memcachedStore(wrong({ sever: 'localhost' })),
      }),
    ).toMatchInlineSnapshot(`
      {
        "lru, an unknown name": "throws ERR_CACHE_OPTION: unknown option 'maxEntires' of lruStore; did you mean 'maxEntries'? Known: maxEntries, maxSize, sizeOf, client",
        "lru, no entries": "throws ERR_CACHE_OPTION: lruStore: 'maxEntries' must be an integer from 1 to 16777216; received 0",
        "memcached, a bad port": "throws ERR_CACHE_URL: every server is a host with an optional port from 1 to 65535, and nothing follows them; expected memcached://[user:password@]host[:port][,host[:port]…], received 'memcached://***@localhost:99999'",
        "memcached, an unknown name": "throws ERR_CACHE_OPTION: unknown option 'sever' of memcachedStore; did you mean 'servers'? Known: url, servers, username, password, timeout, connectTimeout, maxQueue, maxValueBytes, dialect, client",
        "memcached, another scheme": "throws ERR_CACHE_URL: the URL of a memcached store starts with memcached://; expected memcached://[user:password@]host[:port][,host[:port]…], received 'redis://***@localhost'",
        "redis, a bad port": "throws ERR_CACHE_URL: the URL of a Redis must be redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; received 'redis://***@localhost:99999'. Check its port, and percent-encode '/', '#', '?' and '@' in the user and password",
        "redis, an unknown name": "throws ERR_CACHE_OPTION: unknown option 'hots' of redisStore; did you mean 'host'? Known: url, host, port, username, password, db, tls, commandTimeout, socketTimeout, connectTimeout, maxValueBytes, client",
        "redis, another scheme": "throws ERR_CACHE_URL: the URL of a Redis must be redis://[[user]:password@]host[:port][/database], or rediss:// for TLS; received 'http://***@localhost'. The scheme must be redis:// or rediss://",
      }
    `)
  })
})
