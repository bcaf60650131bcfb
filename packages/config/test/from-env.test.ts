import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { fromEnv } from '../src/index.js'

async function opened(...args: Parameters<typeof fromEnv>) {
  const cache = await fromEnv(...args)
  onTestFinished(() => cache.close())
  return cache
}

describe('fromEnv', () => {
  it('keeps values in memory when CACHE_URL is not set', async () => {
    const cache = await opened({}, {})
    await cache.set('a', 1)
    expect(cache.peek('a')).toBe(1)
  })

  it('opens what CACHE_URL names, with the options of the call', async () => {
    const cache = await opened({ prefix: 'from-env' }, { CACHE_URL: ` ${inject('redisUrl')} ` })
    await cache.ready()
    expect(cache.path).toBe('from-env')
    expect(await cache.set('a', 1)).toBe(true)
    expect(cache.peek('a')).toBeUndefined()
    expect(await cache.delete('a')).toBe(true)
  })

  it('looks into the environment of the process by default', async () => {
    vi.stubEnv('CACHE_URL', 'memory:?maxEntries=1')
    onTestFinished(() => void vi.unstubAllEnvs())
    const cache = await opened()
    await cache.set('a', 1)
    await cache.set('b', 1)
    expect(await cache.has('a')).toBe(false)
  })

  it.each(['', '  '])('refuses an empty CACHE_URL: %o', async url => {
    await expect(fromEnv({}, { CACHE_URL: url })).rejects.toMatchObject({
      code: 'ERR_CACHE_URL',
      message: expect.stringContaining('CACHE_URL must be a cache URL such as memory:'),
    })
  })

  it('refuses another scheme, without the password', async () => {
    const error = await fromEnv({}, { CACHE_URL: 'postgres://user:hunter2@host' }).catch(
      (error: Error) => error,
    )
    expect(error).toMatchObject({ code: 'ERR_CACHE_URL' })
    expect(String(error)).not.toContain('hunter2')
  })

  it.each([
    ['redsi://x', /^CACHE_URL: a cache URL has one of .* 'redsi:'; did you mean redis:\/\/host:6379\?$/],
    ['localhost:6379', /; did you mean redis:\/\/localhost:6379\?$/],
    ['redis://localhost/x', /^CACHE_URL: the URL of a Redis must be/],
    ['memory:?max=1', /^CACHE_URL: expected memory:/],
  ])('says that it is CACHE_URL that is wrong: %s', async (url, message) => {
    await expect(fromEnv({}, { CACHE_URL: url })).rejects.toMatchObject({
      code: 'ERR_CACHE_URL',
      message: expect.stringMatching(message),
    })
  })

  it('says where it reads from when it is given a name', async () => {
    await expect(fromEnv('MY_URL' as never)).rejects.toThrow(
      "fromEnv takes its options as an object and reads CACHE_CONFIG and CACHE_URL (for other variables use fromFile or fromUrl); received 'MY_URL'",
    )
  })

  it('refuses bad options', async () => {
    await expect(fromEnv({ ttll: 1 } as never, {})).rejects.toThrow(
      "unknown option 'ttll' of fromEnv; did you mean 'ttl'? Known: guard,",
    )
    await expect(fromEnv({ ttl: 'soon' as never }, {})).rejects.toMatchObject({ code: 'ERR_CACHE_DURATION' })
  })
})
