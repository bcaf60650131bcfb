import { describe, expect, it } from 'vitest'
import type { CheckedStore } from '../src/checking/checked-store.js'
import { storeIdentity } from '../src/opening/identity.js'
import { definePlugin } from '../src/stores/store-plugin.js'

const plugin = definePlugin({
  schema: { '~standard': { version: 1, vendor: 'test', validate: value => ({ value }) } },
  open: () => ({
    kind: 'local',
    name: 'a',
    size: 0,
    get: () => undefined,
    set() {},
    delete: () => false,
    clear() {},
  }),
})

const memcached = (options: object): CheckedStore => ({ path: [], type: 'memcached', options })
const redis = (options: object): CheckedStore => ({ path: [], type: 'redis', options })
const foreign = (options: unknown): CheckedStore => ({ path: [], type: 'plugin', name: 'a', plugin, options })

describe('Stores of a config', () => {
  it('are the same however their server is written', () => {
    const url = storeIdentity(memcached({ url: 'memcached://u:p@a,b:1' }))
    expect(url).toBeDefined()
    expect(storeIdentity(memcached({ servers: ['a:11211', 'b:1'], username: 'u', password: 'p' }))).toBe(url)
    expect(storeIdentity(redis({ url: 'redis://u:p@h/2' }))).toBe(
      storeIdentity(redis({ db: 2, host: 'h', password: 'p', username: 'u' })),
    )
  })

  it('are not the same where their passwords differ, wherever they do', () => {
    const of = (password: string) => storeIdentity(memcached({ url: `memcached://u:${password}@a` }))
    expect(new Set(['p', 'p:1', 'p:2', ''].map(of)).size).toBe(4)
  })

  it('are never taken for the same where text could not tell them apart', () => {
    for (const size of [Number.NaN, Number.POSITIVE_INFINITY, 1n, () => 1, Symbol('a'), new Date(0)]) {
      expect(storeIdentity(foreign({ size }))).toBeUndefined()
    }
    expect(storeIdentity(foreign({ size: 1 }))).not.toBe(storeIdentity(foreign({ size: '1' })))
  })
})
