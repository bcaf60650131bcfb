import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { secretsIn } from '../../../tests/behaviour/secrets-reach.js'
import { memcachedStore } from '../src/index.js'

const SECRET = 's3cret'

function refusal(options: unknown): unknown {
  try {
    memcachedStore(options as never)
  } catch (error) {
    return error
  }
  throw new Error(`${inspect(options)} was taken`)
}

describe('What memcachedStore refuses it shows without a password', () => {
  it.each([
    'memcached://ada:s3cret',
    'memcached://ada:1/s3cret',
    'memcached://ada:123456s3cret',
    'memcached://ada:s3cret%40localhost',
    'memcached://ada:p@s3cret@localhost',
    'memcached://ada:s3cret@localhost:port',
    'memcached://ada:p,s3cret@localhost',
    'memcached://localhost,ada:s3cret@localhost/x',
    'memcached://localhost,ada:s3cret',
    'memcached://localhost?password=s3cret',
    'memcached://localhost#s3cret',
    'memcached://ada:s3cret%@localhost',
    'memcached:ada:s3cret@localhost',
    'ada:s3cret',
    'ada:s3cret@localhost',
    'https://ada:s3cret@localhost',
  ])('as a URL: %j', url => {
    for (const given of [url, { url }, [url], { servers: url }, { servers: [url] }]) {
      const error = refusal(given)
      expect(error).toMatchObject({ name: 'CacheError', code: expect.stringMatching(/URL|OPTION/) })
      expect(secretsIn(error, SECRET)).toEqual([])
    }
  })

  it.each([
    { url: new URL('memcached://ada:s3cret@localhost') },
    { url: { href: 'memcached://ada:s3cret@localhost' } },
    { client: { servers: [{ password: SECRET }] } },
    { client: SECRET },
    { username: 'ada', password: [SECRET] },
    { username: [SECRET], password: SECRET },
    { password: SECRET },
    { servers: [{ host: 'localhost', auth: SECRET }] },
    { servers: { auth: SECRET } },
    { pasword: SECRET },
    { username: 'ada', password: SECRET, timeout: 0 },
  ])('as options: %j', options => {
    const error = refusal(options)
    expect(error).toMatchObject({ name: 'CacheError' })
    expect(secretsIn(error, SECRET)).toEqual([])
  })

  it.each([
    ['memcached://ada:s3cret@localhost:port', "received 'memcached://***@localhost:***'"],
    ['memcached://[::1]:11211,localhost:11211/x', "received 'memcached://[::1]:11211,localhost:11211/***'"],
    [{ url: 5 }, 'received a value of type number'],
    [['localhost:11211'], 'a list of servers is given by name: memcachedStore({ servers })'],
    [{ servers: [{ host: 'localhost' }] }, 'received an object'],
    [{ servers: [] }, 'received an empty list'],
  ])('but shows what is no secret: %j', (given, message) => {
    expect(refusal(given)).toMatchObject({ message: expect.stringContaining(message) })
  })
})
