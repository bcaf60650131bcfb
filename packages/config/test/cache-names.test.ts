import { describe, expect, it } from 'vitest'
import { cachesFromEnv, cachesFromFile } from '../src/index.js'
import { fileWith } from './files.js'
import { closedLater } from './opened.js'

const FILE = 'type: lru\ncaches:\n  a: {}\n  b: {}\n'

describe('The names of the caches that a program wants', () => {
  it.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['a', "'a'"],
    [{ ttl: '5m' }, "{ ttl: '5m' }"],
    [['a', 5], "[ 'a', 5 ]"],
    [[undefined], '[ undefined ]'],
    [new Set(['a']), "Set(1) { 'a' }"],
  ])('are a list of texts: %o is none', async (names, shown) => {
    const path = await fileWith('a.yaml', FILE)
    const refused = (what: string) => ({
      code: 'ERR_CACHE_OPTION',
      message: `${what} takes the names of the caches that the program wants, such as ['sessions', 'catalog']; received ${shown}`,
    })
    await expect(cachesFromFile(path, names as never)).rejects.toMatchObject(refused('cachesFromFile'))
    await expect(cachesFromEnv(names as never, {}, { CACHE_CONFIG: path })).rejects.toMatchObject(
      refused('cachesFromEnv'),
    )
  })

  it('may be a list that cannot be changed', async () => {
    const path = await fileWith('a.yaml', FILE)
    const names = Object.freeze(['a'] as const)
    const caches = await cachesFromFile(path, names)
    closedLater(caches.a)
    expect(Object.keys(caches)).toEqual(['a'])
  })
})
