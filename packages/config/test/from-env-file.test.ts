import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { cachesFromEnv, fromEnv } from '../src/index.js'
import { fileWith } from './files.js'
import { closedLater } from './opened.js'

const FILE = 'the path of a config file such as cache.config.yaml'

describe('CACHE_CONFIG', () => {
  it('names the file of the cache, before CACHE_URL', async () => {
    const path = await fileWith('a.yaml', 'type: lru\nprefix: ${NAME}\n')
    const env = { CACHE_CONFIG: ` ${path} `, CACHE_URL: 'no url', NAME: 'of-file' }
    const cache = closedLater(await fromEnv({ prefix: 'code', ttl: '1m' }, env))
    expect(cache.path).toBe('of-file')
  })

  it('is looked for in the environment of the process by default', async () => {
    vi.stubEnv('CACHE_CONFIG', await fileWith('a.json', '{ "type": "lru", "prefix": "of-process" }'))
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(closedLater(await fromEnv()).path).toBe('of-process')
  })

  it('names the file of several caches', async () => {
    const path = await fileWith('a.yaml', 'type: lru\ncaches:\n  a: {}\n  b: { prefix: "${NAME}" }\n')
    const { a, b } = await cachesFromEnv(['a', 'b'], { prefix: 'code' }, { CACHE_CONFIG: path, NAME: 'own' })
    expect([closedLater(a).path, closedLater(b).path]).toEqual(['code.a', 'own'])
  })

  it.each(['', '  '])('must not be empty: %j', async given => {
    const error = {
      code: 'ERR_CACHE_CONFIG',
      message: `CACHE_CONFIG must be ${FILE}, or not be set; received '${given}'`,
    }
    await expect(fromEnv({}, { CACHE_CONFIG: given })).rejects.toMatchObject(error)
    await expect(cachesFromEnv(['a'], {}, { CACHE_CONFIG: given })).rejects.toMatchObject(error)
  })

  it('must be set for several caches', async () => {
    await expect(cachesFromEnv(['a'], {}, { CACHE_URL: 'memory:' })).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      message: `CACHE_CONFIG must be ${FILE}; it is not set`,
    })
  })

  it('has its problems told by the file', async () => {
    const path = await fileWith('a.yaml', 'type: lru\nttl: soon\n')
    const message = `${path}: ttl (${path}:2:6): expected a duration from 0 ms to ten years: milliseconds, or a string such as '250ms', '30s', '5m', '1h', '7d'; received 'soon'`
    await expect(fromEnv({}, { CACHE_CONFIG: path })).rejects.toMatchObject({ message })
    await expect(fromEnv({}, { CACHE_CONFIG: 'no.yaml' })).rejects.toThrow('no.yaml: there is no such file;')
  })

  it('is not for the options of the program', async () => {
    await expect(cachesFromEnv(['a'], { ttll: 1 } as never)).rejects.toThrow(
      "unknown option 'ttll' of cachesFromEnv; did you mean 'ttl'?",
    )
  })
})

describe('CACHE_URL', () => {
  it('must not be empty', async () => {
    await expect(fromEnv({}, { CACHE_URL: ' ' })).rejects.toMatchObject({
      code: 'ERR_CACHE_URL',
      message:
        "CACHE_URL must be a cache URL such as memory: or redis://localhost:6379, or not be set; received ' '",
    })
  })
})
