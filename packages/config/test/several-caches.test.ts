import { type MessageListener, memoryBus } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, inject, it } from 'vitest'
import { cachesFromFile, fromConfig } from '../src/index.js'
import { fileWith } from './files.js'
import { openedAll, problemsOf, problemsOfCaches, refusal } from './opened.js'

const SINGLE = (names: string) =>
  `caches: expected a single cache; there are several: ${names}. Open them with cachesFromConfig, cachesFromFile or cachesFromEnv`
const TYPE =
  "expected a type or a url: 'lru', 'redis', 'memcached', 'tiered', 'migrating', 'none'; received nothing"

describe('Several caches', () => {
  it('are open by their names, under prefixes of their own', async () => {
    const caches = await openedAll({
      type: 'lru',
      caches: {
        sessions: {},
        catalog: { ttl: '5m' },
        'a.b-c_1': 'memory:',
        own: { prefix: 'mine' },
        bare: { prefix: '' },
      },
    })
    expect(Object.entries(caches).map(([name, { path }]) => [name, path])).toEqual([
      ['sessions', 'lookaside.sessions'],
      ['catalog', 'lookaside.catalog'],
      ['a.b-c_1', 'lookaside.a.b-c_1'],
      ['own', 'mine'],
      ['bare', ''],
    ])
  })

  it('take the common prefix, of the config before that of the program', async () => {
    const config = { type: 'lru', caches: { a: {} } } as const
    expect((await openedAll(config, { prefix: 'code' })).a.path).toBe('code.a')
    expect((await openedAll({ ...config, prefix: 'file' }, { prefix: 'code' })).a.path).toBe('file.a')
    expect((await openedAll({ ...config, prefix: '' }, { prefix: 'code' })).a.path).toBe('a')
  })

  it('take over each setting and the store that they have not themselves', async () => {
    const clock = new ManualClock()
    const { short, long, none } = await openedAll(
      {
        type: 'lru',
        ttl: '1s',
        negativeTtl: 0,
        caches: { short: {}, long: { ttl: '10s', negativeTtl: '1s' }, none: { type: 'none' } },
      },
      { clock },
    )
    for (const cache of [short, long, none]) {
      await cache.set('key', 1)
      await cache.set('nothing', null)
    }
    const there = () =>
      Promise.all(
        [short, long, none].map(cache => cache.getMany(['key', 'nothing']).then(found => [...found.keys()])),
      )
    expect(await there()).toEqual([['key'], ['key', 'nothing'], []])
    await clock.advance(1_000)
    expect(await there()).toEqual([[], ['key'], []])
    await clock.advance(9_000)
    expect(await there()).toEqual([[], [], []])
  })

  it('do without a bus and a staleness of copies that all have in common, where their store has no use for them', async () => {
    const clock = new ManualClock()
    const bus = memoryBus()
    const listened: string[] = []
    const { near, tiered, own, far, none } = await openedAll(
      {
        prefix: `in-common-${Date.now()}`,
        bus: {
          ...bus,
          listen(channel: string, listener: MessageListener) {
            listened.push(channel)
            return bus.listen(channel, listener)
          },
        },
        maxLocalStaleness: '5s',
        storeTimeout: '5s',
        caches: {
          near: 'memory:',
          tiered: { type: 'tiered', remote: inject('redisUrl') },
          own: { type: 'tiered', remote: inject('redisUrl'), maxLocalStaleness: '20s', bus: false },
          far: inject('redisUrl'),
          distant: `memcached://${inject('memcachedServers')}`,
          none: 'none:',
        },
      },
      { clock },
    )
    for (const cache of [near, tiered, own, far, none]) {
      await cache.ready()
      await cache.set('key', 1)
    }
    const there = () => [near, tiered, own, none].map(cache => cache.peek('key'))
    expect(there()).toEqual([1, 1, 1, undefined])
    await clock.advance(5_000)
    expect(there()).toEqual([1, undefined, 1, undefined])
    await clock.advance(15_000)
    expect(there()).toEqual([1, undefined, undefined, undefined])
    expect(listened.filter(channel => channel.includes('tiered'))).not.toEqual([])
    expect(listened.filter(channel => /near|own|none/.test(channel))).toEqual([])
  })

  it('do without a bus by its settings, where their store has no Redis for it', async () => {
    const bus = { heartbeat: '5s' } as const
    const caches = { near: 'memory:', distant: 'memcached://127.0.0.1:1', none: 'none:' }
    await openedAll({ bus, caches })
    await openedAll({ bus: 'tracking', caches })
    for (const distant of [bus, 'tracking'])
      expect(
        await problemsOfCaches({ caches: { distant: { url: 'memcached://127.0.0.1:1', bus: distant } } }),
      ).toEqual([
        "caches.distant.bus: the bus needs a Redis, and the store has none; give its url: { url: 'redis://host:6379' }",
      ])
  })

  it('are told of those that they name themselves', async () => {
    expect(
      await problemsOfCaches({
        url: 'redis://h',
        bus: 'tracking',
        maxLocalStaleness: '5s',
        caches: {
          near: { type: 'lru', bus: 'pubsub', maxLocalStaleness: '5s' },
          far: { maxLocalStaleness: '5s' },
          tiered: { type: 'tiered', remote: 'memcached://h' },
        },
      }),
    ).toEqual([
      "caches.near.bus: a bus tells other processes, which see nothing of a store of type 'lru'; use type 'tiered', or leave the bus out",
      "caches.near.maxLocalStaleness: maxLocalStaleness is for a store of type 'tiered'; this one is of type 'lru'. Leave it out",
      "caches.far.maxLocalStaleness: maxLocalStaleness is for a store of type 'tiered'; this one is of type 'redis'. Leave it out",
      // Its copies would go stale without anybody noticing.
      "caches.tiered.bus: the bus needs a Redis, and the store has none; give its url: { url: 'redis://host:6379' }",
    ])
  })

  it('have the namespaces of both; of one name, what they set themselves over what all have', async () => {
    const clock = new ManualClock()
    const { a } = await openedAll(
      {
        type: 'lru',
        ttl: '1h',
        namespaces: { users: { ttl: '1s', grace: '1h' }, items: { ttl: '2s' } },
        caches: { a: { namespaces: { users: { ttl: '3s' } } } },
      },
      { clock },
    )
    for (const name of ['users', 'items', 'others']) await a.namespace(name).set('key', 1)
    const states = () =>
      Promise.all(
        ['users', 'items', 'others'].map(async name => (await a.namespace(name).lookup('key')).state),
      )
    await clock.advance(2_000)
    expect(await states()).toEqual(['fresh', 'miss', 'fresh'])
    await clock.advance(1_000)
    expect(await states()).toEqual(['stale', 'miss', 'fresh'])
  })

  it('do not see each other in the same server', async () => {
    const { a, b } = await openedAll(
      { url: inject('redisUrl'), storeTimeout: '5s', caches: { a: {}, b: {} } },
      { prefix: 'several' },
    )
    await a.ready()
    await a.set('key', 'of a')
    await b.set('key', 'of b')
    await b.clear()
    expect([await a.get('key'), await b.get('key')]).toEqual(['of a', undefined])
    await a.clear()
  })

  it('share one guard where they take over its settings: its limits are common to them', async () => {
    let most = 0
    let now = 0
    const load = async () => {
      most = Math.max(most, ++now)
      await new Promise(setImmediate)
      return now--
    }
    const both = async (own: object) => {
      most = 0
      const { a, b } = await openedAll({
        type: 'lru',
        guard: { limitLoads: { concurrency: 1 } },
        caches: { a: {}, b: own },
      })
      await Promise.all([a, b].flatMap(cache => ['x', 'y'].map(key => cache.getOrSet(key, load))))
      return most
    }
    expect(await both({})).toBe(1)
    expect(await both({ guard: { limitLoads: { concurrency: 1 } } })).toBe(2)
  })
})

describe('Caches that are asked for', () => {
  it('must be there; others are not opened', async () => {
    const path = await fileWith(
      'a.yaml',
      "type: lru\ncaches:\n  sessions: {}\n  pages: { type: 'redis', url: 'redis://127.0.0.1:1' }\n",
    )
    const { message } = await refusal(cachesFromFile(path, ['session', 'users']))
    expect(message).toBe(`${path} has 2 problems:
  - caches.session (${path}:3:3): the program asks for it: unknown name 'session'; did you mean 'sessions'?
  - caches.users (${path}:3:3): the program asks for it: unknown name 'users'. Known: sessions, pages`)
  })

  it('are several, or one, as the function says', async () => {
    expect(await problemsOf({ type: 'lru', caches: { a: {}, b: {} } })).toEqual([SINGLE('a, b')])
    expect(await problemsOfCaches({ type: 'lru' })).toEqual([
      'caches: expected caches by name; for a single cache there are fromConfig, fromFile and fromEnv; received nothing',
    ])
    const { a } = await openedAll({ caches: { a: 'memory:' } })
    await a.set('key', 1)
    expect(a.peek('key')).toBe(1)
  })
})

describe('Caches are refused', () => {
  it.each<[object, ...string[]]>([
    [{ caches: {} }, 'caches: expected an object of at least one cache by name; received an empty object'],
    [{ caches: null }, 'caches: expected an object of at least one cache by name; received null'],
    [{ caches: ['memory:'] }, 'caches: expected an object of at least one cache by name; received a list'],
    [{ caches: 'memory:' }, "caches: expected an object of at least one cache by name; received 'memory:'"],
    [{ caches: { a: {} } }, `caches.a.type: ${TYPE}`],
    [{ ttl: '5m', caches: { a: 'memory:', b: { ttl: '1m' } } }, `caches.b.type: ${TYPE}`],
    [
      { type: 'lru', caches: { a: 5 } },
      'caches.a: expected an object with the type or the url of a store; received 5',
    ],
    [
      { type: 'lru', caches: { 'b c': {} } },
      "caches['b c']: expected a name of letters, digits, '_', '.' and '-'; received 'b c'",
    ],
    [{ type: 'lru', tll: 5, caches: { a: {} } }, "tll: unknown name 'tll'; did you mean 'ttl'?"],
    [{ type: 'lru', caches: { a: { tll: 5 } } }, "caches.a.tll: unknown name 'tll'; did you mean 'ttl'?"],
    [
      { type: 'lru', maxEntries: 1, caches: { a: { maxEntries: 2 } } },
      "caches.a.maxEntries: unknown name 'maxEntries'. Known: enabled, ttl, grace, negativeTtl, jitter, version, hardTimeout, softTimeout, beta, codec, compression, schema, namespaces, prefix, clone, guard, bus, maxLocalStaleness, onUndelivered, claimTtl, storeTimeout, breaker, type, url",
    ],
    [
      { type: 'lru', caches: { a: { tpye: 'redis' } } },
      "caches.a.tpye: unknown name 'tpye'; did you mean 'type'?",
    ],
    [
      { type: 'lru', caches: { a: { urll: 'redis://h' } } },
      "caches.a.urll: unknown name 'urll'; did you mean 'url'?",
    ],
    [{ tpye: 'lru', caches: { a: {} } }, "tpye: unknown name 'tpye'; did you mean 'type'?"],
    [
      { urll: 'memory:', caches: { a: {}, b: { ttl: '5m' } } },
      "urll: unknown name 'urll'; did you mean 'url'?",
    ],
    [{ ulr: 'redis://h', caches: { a: 'memory:' } }, "ulr: unknown name 'ulr'; did you mean 'url'?"],
  ])('%o', async (config, ...problems) => {
    expect(await problemsOfCaches(config)).toEqual(problems)
  })
})

describe('Caches that would share their keys are refused', () => {
  const shared = (path: string, prefix: string, owner: string) =>
    `${path}: '${prefix}' is the prefix of ${owner} too, on the same server: they would share their keys. Give each its own`

  it.each<[string, object, string, string, string]>([
    [
      'one Redis',
      { url: 'redis://h', caches: { a: { prefix: 'x' }, b: { prefix: 'x' } } },
      'caches.b.prefix',
      'x',
      'caches.a',
    ],
    [
      'one Redis in other words',
      {
        prefix: 'x',
        caches: { a: { url: 'redis://H:6379', prefix: 'x' }, b: { type: 'redis', host: 'h', prefix: 'x' } },
      },
      'caches.b.prefix',
      'x',
      'caches.a',
    ],
    [
      'one Redis as different users',
      { caches: { a: { url: 'redis://u:p@h', prefix: 'x' }, b: { url: 'redis://h/0', prefix: 'x' } } },
      'caches.b.prefix',
      'x',
      'caches.a',
    ],
    [
      'a name as prefix',
      { url: 'redis://h', caches: { a: { prefix: 'lookaside.b' }, b: {} } },
      'caches.b.prefix',
      'lookaside.b',
      'caches.a',
    ],
    [
      'no prefix',
      { url: 'redis://h', caches: { a: { prefix: '' }, b: { prefix: '' } } },
      'caches.b.prefix',
      '',
      'caches.a',
    ],
    [
      'the remote of tiers',
      {
        url: 'redis://h',
        caches: { a: { prefix: 'x' }, 'b.c': { type: 'tiered', remote: 'redis://h', prefix: 'x' } },
      },
      "caches['b.c'].prefix",
      'x',
      'caches.a',
    ],
    [
      'the old store of a move',
      {
        prefix: 'x',
        caches: {
          a: { url: 'memcached://h', prefix: 'x' },
          b: { type: 'migrating', to: 'redis://h', from: 'memcached://g,h:11211', prefix: 'x' },
        },
      },
      'caches.b.prefix',
      'x',
      'caches.a',
    ],
  ])('with %s', async (_, config, path, prefix, owner) => {
    expect(await problemsOfCaches(config)).toEqual([shared(path, prefix, owner)])
  })

  it('but not those on different servers or databases, nor those in memory', async () => {
    await openedAll({
      prefix: 'x',
      caches: {
        a: { url: 'redis://127.0.0.1:1', prefix: 'x' },
        b: { url: 'redis://127.0.0.1:1/1', prefix: 'x' },
        c: { url: 'redis://127.0.0.1:2', prefix: 'x' },
        d: { url: 'memory:', prefix: 'x' },
        e: { url: 'memory:', prefix: 'x' },
        f: { url: 'none:', prefix: 'x' },
      },
    })
  })
})

it('An empty caches is no single cache', async () => {
  await expect(fromConfig({ type: 'lru', caches: {} } as never)).rejects.toThrow(
    'fromConfig: caches: expected an object of at least one cache by name; received an empty object',
  )
})
