import { fromUrl } from '@lookaside/config'
import { expect, inject, test, vi } from 'vitest'
import { runExample } from '../../../tests/servers/run-example.js'

/** What it prints, however long a hit may take on a busy machine. */
function printed(backend: string): RegExp {
  const loaded = (name: string) => `  profile\\(42\\) +\\d+\\.\\d\\d s {3}from the database  ${name}\n`
  const cached = (name: string) => `  profile\\(42\\) +\\d+\\.\\d\\d m?s +from the cache     ${name}\n`
  const thrice = (name: string) => loaded(name) + cached(name).repeat(2)
  return new RegExp(
    `^A query of two seconds, cached in ${backend}\n\n` +
      `${thrice('Ada Byron')}\n  rename\\(42, 'Ada Lovelace'\\)\n\n${thrice('Ada Lovelace')}\n` +
      '6 answers, 2 queries\n$',
  )
}

test('it asks the database once for three answers, and once more after the update, on Redis', async () => {
  vi.stubEnv('CACHE_URL', undefined)
  const { output, errors, code } = await runExample('user-profile', ['redis'])
  expect({ errors, code }).toEqual({ errors: '', code: 0 })
  expect(output).toMatch(printed('redis'))
})

test('it does so in memory', async () => {
  vi.stubEnv('CACHE_URL', 'memory:')
  const { output, errors, code } = await runExample('user-profile')
  expect({ errors, code }).toEqual({ errors: '', code: 0 })
  expect(output).toMatch(printed('memory'))
})

test('it does so on memcached, and is not misled by what an earlier run has left there', async () => {
  const url = `memcached://${inject('memcachedServers')}`
  const earlier = await fromUrl(url, { prefix: 'user-profile', storeTimeout: '2s' })
  expect(await earlier.set('profile:42', { id: 42, name: 'somebody else' })).toBe(true)
  await earlier.close()

  vi.stubEnv('CACHE_URL', url)
  const { output, errors, code } = await runExample('user-profile')
  expect({ errors, code }).toEqual({ errors: '', code: 0 })
  expect(output).toMatch(printed('memcached'))
})

test('it says so when there is no server', async () => {
  vi.stubEnv('CACHE_URL', 'redis://127.0.0.1:1')
  const { output, errors, code } = await runExample('user-profile')
  expect({ output, code }).toEqual({ output: '', code: 1 })
  expect(errors).toContain('Redis at 127.0.0.1:1 did not answer')
})
