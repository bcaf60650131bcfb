import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { secretsIn } from '../../../tests/behaviour/secrets-reach.js'
import { redisBus, redisStore } from '../src/index.js'

const SECRET = 's3cret'

function refusal(make: (options: never) => unknown, options: unknown): unknown {
  try {
    make(options as never)
  } catch (error) {
    return error
  }
  throw new Error(`${inspect(options)} was taken`)
}

describe.each([redisStore, redisBus])('What %o refuses it shows without a password', make => {
  it.each([
    'redis://ada:s3cret',
    'redis://ada:1/s3cret',
    'redis://ada:123456s3cret',
    'redis://ada%3As3cret%40localhost',
    'redis://ada:s3cret%40localhost',
    'redis://ada:p@s3cret@localhost:70000',
    'redis://localhost?password=s3cret',
    'redis://localhost/2?password=s3cret',
    'redis://localhost#s3cret',
    'redis:ada:s3cret@localhost',
    'ada:s3cret',
    'ada:s3cret@localhost',
    'https://ada:s3cret@localhost/2',
    'redis://ada:s3cret@localhost/two',
    'redis://ada:s3cret%@localhost',
    'redis://ada:"s3cret"\n@localhost:port',
  ])('as a URL: %j', url => {
    for (const given of [url, { url }, [url], { host: url }]) {
      const error = refusal(make, given)
      expect(error).toMatchObject({ name: 'CacheError', code: expect.stringMatching(/URL|OPTION/) })
      expect(secretsIn(error, SECRET)).toEqual([])
    }
  })

  it.each([
    { url: new URL('redis://ada:s3cret@localhost') },
    { url: { href: 'redis://ada:s3cret@localhost' } },
    { client: { options: { password: SECRET } } },
    { client: SECRET },
    { password: [SECRET] },
    { username: { password: SECRET } },
    { port: 'redis://ada:s3cret@localhost' },
    { tls: SECRET },
    { pasword: SECRET },
    { host: '[ada:s3cret]' },
    { password: SECRET, port: 0 },
  ])('as options: %j', options => {
    const error = refusal(make, options)
    expect(error).toMatchObject({ name: 'CacheError' })
    expect(secretsIn(error, SECRET)).toEqual([])
  })
})

describe('The message for a URL that is refused', () => {
  it.each([
    ['redis://ada:s3cret@localhost:70000', 'redis://***@localhost:70000'],
    ['redis://[::1]:70000', 'redis://[::1]:70000'],
    ['redis://ada:s3cret', 'redis://ada:***'],
    ['redis://localhost:6379/1/2', 'redis://localhost:6379/1/2'],
    ['redis://localhost?db=2', 'redis://localhost?***'],
  ])('shows of %j what is no secret', (url, shown) => {
    expect(refusal(redisStore, url)).toMatchObject({
      message: expect.stringContaining(`received '${shown}'`),
    })
  })

  it('says what a host is', () => {
    expect(refusal(redisStore, { host: 'redis://ada:s3cret@localhost' })).toMatchObject({
      code: 'ERR_CACHE_OPTION',
      message:
        "redisStore: 'host' must be a name or an IP address, and nothing more: a URL is given as 'url'; received 'redis://***@localhost'",
    })
  })
})
