import { Cluster, Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { type RedisStoreOptions, redisStore } from '../src/index.js'

function refusal(options: unknown): Error & { code?: string } {
  try {
    redisStore(options as RedisStoreOptions)
  } catch (error) {
    expect(error).toMatchObject({ name: 'CacheError' })
    return error as Error
  }
  throw new Error('nothing was thrown')
}

async function nameOf(options: string | URL | RedisStoreOptions): Promise<string> {
  const store = redisStore(options)
  await store.close()
  return store.name
}

describe('the name of a store', () => {
  it('tells host, port and database, and no credentials', async () => {
    expect(await nameOf('redis://ada:secret@127.0.0.1:7001/3')).toBe('redis(127.0.0.1:7001/3)')
    expect(await nameOf('rediss://:secret@localhost')).toBe('redis(localhost:6379/0)')
    expect(await nameOf(new URL('redis://[::1]:7001/'))).toBe('redis([::1]:7001/0)')
    expect(await nameOf({})).toBe('redis(127.0.0.1:6379/0)')
  })

  it('comes from the options where they differ from the URL', async () => {
    expect(await nameOf({ url: 'redis://localhost:7001/3', port: 7002, db: 0 })).toBe(
      'redis(localhost:7002/0)',
    )
  })

  it('tells what is known of an injected client', async () => {
    const clients = [
      new Redis({ lazyConnect: true, port: 7001, db: 2 }),
      new Redis({ lazyConnect: true, path: '/run/redis.sock' }),
      new Redis({ lazyConnect: true, sentinels: [{ host: 's1' }], name: 'main' }),
    ]
    const names = clients.map(client => redisStore({ client }).name)
    expect(names).toEqual(['redis(localhost:7001/2)', 'redis(/run/redis.sock/0)', 'redis(sentinel main/0)'])
  })
})

describe('the URL of redisStore', () => {
  it.each([
    ['http://127.0.0.1', 'The scheme must be redis:// or rediss://'],
    ['127.0.0.1:6379', 'The scheme must be redis:// or rediss://'],
    ['', 'The scheme must be redis:// or rediss://'],
    ['redis://', 'It names no host'],
    ['redis:///2', 'It names no host'],
    ['redis://localhost:99999', 'Check its port'],
    ['redis://localhost/two', 'only the number of a database'],
    ['redis://localhost/1/2', 'only the number of a database'],
    ['redis://localhost?family=6', 'Parameters are not taken from the URL'],
    ['redis://localhost#1', 'Parameters are not taken from the URL'],
    ['redis://:%zz@localhost', 'write % itself as %25'],
  ])('is refused when it is %j', (url, reason) => {
    const { code, message } = refusal(url)
    expect(code).toBe('ERR_CACHE_URL')
    expect(message).toContain('redis://')
    expect(message).toContain('rediss://')
    expect(message).toContain(reason)
  })

  it.each([
    'http://ada:s3cret@host',
    'redis://ada:s3cret@host/x',
    'redis://:s3cret@host:99999',
    'redis://ada:s3cret/s3cret@host',
    'redis://ada:1/s3cret#s3cret@host',
    'redis://ada:s3cret@s3cret@host?x',
    'ada:s3cret@host',
    's3cret@host',
    'redis://ada:s3cret%zz@host',
  ])('keeps its credentials out of the message: %s', url => {
    const { message } = refusal(url)
    expect(message).not.toContain('s3cret')
    expect(message).toContain('host')
  })
})

describe('the options of redisStore', () => {
  it('answers an unknown name with the nearest known one', () => {
    expect(refusal({ conectTimeout: 5 })).toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringContaining("did you mean 'connectTimeout'?"),
    })
  })

  it.each([
    [{ port: 0 }, "'port' must be an integer from 1 to 65535; received 0"],
    [{ port: '6379' }, "'port' must be an integer from 1 to 65535; received '6379'"],
    [{ db: -1 }, "'db' must be an integer from 0"],
    [{ host: '' }, "'host' must be a non-empty string"],
    [{ username: 5 }, "'username' must be a non-empty string"],
    [{ tls: 'yes' }, "'tls' must be true, false or the options of tls.connect"],
    [{ maxValueBytes: 0 }, "'maxValueBytes' must be an integer from 1 to 536870912"],
    [{ maxValueBytes: 2 ** 30 }, "'maxValueBytes' must be an integer from 1 to 536870912"],
    [{ connectTimeout: 0 }, "'connectTimeout' must be from 1 to 2147483647 ms"],
    [{ socketTimeout: '30d' }, "'socketTimeout' must be from 1 to 2147483647 ms"],
    [
      { client: { getBuffer() {}, password: 's3cret' } },
      "'client' must be a Redis or a Cluster of ioredis; received an object without mgetBuffer()",
    ],
    [{ client: null }, 'received a value of type null'],
    [undefined, 'it received undefined; is the environment variable set?'],
    [{ url: undefined }, "'url' is undefined; is the environment variable set?"],
  ])('refuses %j', (options, message) => {
    expect(refusal(options)).toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message: expect.stringContaining(message),
    })
  })

  it('may be left out', async () => {
    const store = redisStore()
    expect(store.name).toBe('redis(127.0.0.1:6379/0)')
    await store.close()
  })

  it('refuses a malformed duration as everywhere', () => {
    expect(refusal({ commandTimeout: '1 second' })).toMatchObject({
      code: 'ERR_CACHE_DURATION',
      message: expect.stringContaining("'commandTimeout' of redisStore must be"),
    })
  })

  it('does not repeat a password that is not a string', () => {
    expect(refusal({ password: 12_345 }).message).toBe(
      "redisStore: 'password' must be a string; received a value of type number",
    )
  })

  it('refuses a client that reads replicas', () => {
    const readers = [
      new Cluster([{ port: 7001 }], { lazyConnect: true, scaleReads: 'slave' }),
      new Redis({ lazyConnect: true, sentinels: [{ host: 's1' }], name: 'main', role: 'slave' }),
    ]
    for (const client of readers) expect(refusal({ client }).message).toContain('must read primaries only')
  })

  it('refuses a connection next to a client, and a client in the place of the options', () => {
    const client = new Redis({ lazyConnect: true, password: 's3cret' })
    expect(refusal({ client, url: 'redis://localhost' }).message).toContain("so 'url' can't be given with it")
    expect(refusal(client).message).toContain('redisStore({ client })')
  })
})
