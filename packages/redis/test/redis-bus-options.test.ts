import type { ChangeBus, InvalidationBus, MessageBus } from '@lookaside/core'
import { Cluster, Redis } from 'ioredis'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type RedisBusMode, type RedisBusOptions, type RedisBusSettings, redisBus } from '../src/index.js'

function refusal(options: unknown, settings?: unknown): Error {
  try {
    redisBus(options as RedisBusOptions, settings as RedisBusSettings)
  } catch (error) {
    expect(error).toMatchObject({ name: 'CacheError' })
    return error as Error
  }
  throw new Error('nothing was thrown')
}

describe('the name of a bus', () => {
  it('tells mode, host, port and database, and no credentials', () => {
    expect(redisBus('redis://ada:secret@127.0.0.1:7001/3').name).toBe('redis-pubsub(127.0.0.1:7001/3)')
    expect(redisBus(new URL('rediss://:secret@localhost'), { mode: 'tracking' }).name).toBe(
      'redis-tracking(localhost:6379/0)',
    )
    expect(redisBus().name).toBe('redis-pubsub(127.0.0.1:6379/0)')
    expect(redisBus({}, { mode: 'tracking' }).name).toBe('redis-tracking(127.0.0.1:6379/0)')
  })

  it('tells what is known of an injected client', () => {
    const clients = [
      new Redis({ lazyConnect: true, port: 7001, db: 2 }),
      new Redis({ lazyConnect: true, sentinels: [{ host: 's1' }], name: 'main' }),
      new Cluster([{ port: 7001 }], { lazyConnect: true }),
    ]
    const names = clients.map(client => redisBus({ client }).name)
    expect(names).toEqual([
      'redis-pubsub(localhost:7001/2)',
      'redis-pubsub(sentinel main/0)',
      'redis-pubsub(cluster)',
    ])
  })
})

describe('the mode', () => {
  it('decides the type of the bus', () => {
    expectTypeOf(redisBus()).toEqualTypeOf<MessageBus>()
    expectTypeOf(redisBus('redis://localhost')).toEqualTypeOf<MessageBus>()
    expectTypeOf(redisBus({}, { heartbeat: '1s' })).toEqualTypeOf<MessageBus>()
    expectTypeOf(redisBus({}, { mode: 'pubsub' })).toEqualTypeOf<MessageBus>()
    expectTypeOf(redisBus({}, { mode: 'tracking' })).toEqualTypeOf<ChangeBus>()
    const mode = 'tracking' as RedisBusMode
    expectTypeOf(redisBus({}, { mode })).toEqualTypeOf<InvalidationBus>()
    expect(redisBus({}, { mode }).kind).toBe('changes')
    expect(redisBus().kind).toBe('messages')
  })
})

describe('the options of redisBus', () => {
  it.each([
    [{ prot: 5 }, undefined, "unknown option 'prot' of redisBus; did you mean 'port'?"],
    [{ port: 0 }, undefined, "redisBus: 'port' must be an integer from 1 to 65535; received 0"],
    [{ socketTimeout: 0 }, undefined, "redisBus: 'socketTimeout' must be from 1 to 2147483647 ms"],
    [{ tls: 'yes' }, undefined, "redisBus: 'tls' must be true, false or the options of tls.connect"],
    [undefined, undefined, 'it received undefined; is the environment variable set? redisBus()'],
    [{ url: undefined }, undefined, "'url' is undefined; is the environment variable set?"],
    [
      { client: null },
      undefined,
      "'client' must be a Redis or a Cluster of ioredis; received a value of type null",
    ],
    [{ client: { password: 's3cret' } }, undefined, 'received an object without duplicate()'],
    [{}, { mode: 'stream' }, "redisBus: 'mode' must be 'pubsub' or 'tracking'; received 'stream'"],
    [
      {},
      { mood: 'pubsub' },
      "unknown option 'mood' of the second argument of redisBus; did you mean 'mode'?",
    ],
    [{}, 'tracking', "the second argument of redisBus takes its options as an object; received 'tracking'"],
    [{}, { heartbeat: 0 }, "redisBus: 'heartbeat' must be from 1 to 2147483647 ms"],
  ])('refuses %j, %j', (options, settings, message) => {
    expect(refusal(options, settings)).toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringContaining(message),
    })
  })

  it('refuses a malformed duration or URL as everywhere', () => {
    expect(refusal({}, { heartbeat: '1 second' })).toMatchObject({
      code: 'ERR_CACHE_DURATION',
      message: expect.stringContaining("'heartbeat' of redisBus must be"),
    })
    const { message } = refusal('http://ada:s3cret@host')
    expect(message).toContain('The scheme must be redis:// or rediss://')
    expect(message).not.toContain('s3cret')
  })

  it('refuses a client of replicas, a connection next to a client, and a client in the place of the options', () => {
    const client = new Redis({ lazyConnect: true, password: 's3cret' })
    const replica = new Redis({ lazyConnect: true, sentinels: [{ host: 's1' }], name: 'main', role: 'slave' })
    expect(refusal({ client: replica }).message).toContain('must lead to the primary')
    expect(refusal({ client, url: 'redis://localhost' }).message).toContain("so 'url' can't be given with it")
    expect(refusal(client).message).toContain('redisBus({ client })')
  })
})
