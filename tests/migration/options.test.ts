import { type MigratingStoreOptions, migratingStore } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { faultyStore, memoryRemoteStore } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'

const [from, to] = [memoryRemoteStore({ name: 'here' }), memoryRemoteStore({ name: 'there' })]

describe('migratingStore refuses', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['nothing', undefined, 'ERR_CACHE_OPTION', /'to' of migratingStore must be a remote store/],
    ['what is no object', 'redis:', 'ERR_CACHE_OPTION', /takes its options as an object/],
    ['a missing old store', { to }, 'ERR_CACHE_OPTION', /'from' of migratingStore must be a remote store/],
    ['a local store', { to, from: lruStore() }, 'ERR_CACHE_OPTION', /must be a remote store.*received/],
    ['one store as both', { to, from: to }, 'ERR_CACHE_OPTION', /are the same there/],
    ['an unknown phase', { to, from, phase: 'moved' }, 'ERR_CACHE_OPTION', /'finish'; received 'moved'/],
    ['a misspelt option', { to, from, fase: 'move' }, 'ERR_CACHE_OPTION', /did you mean 'phase'/],
    ['a timeout of nothing', { to, from, timeout: 0 }, 'ERR_CACHE_OPTION', /timeout .* at least 1 ms/],
    ['a malformed timeout', { to, from, timeout: '1 s' }, 'ERR_CACHE_DURATION', /received '1 s'/],
    ['a keepFor of nothing', { to, from, keepFor: '0s' }, 'ERR_CACHE_OPTION', /keepFor .* at least 1 ms/],
  ])('%s', (_what, options, code, message) => {
    const made = () => migratingStore(options as MigratingStoreOptions)
    expect(made).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }))
  })
})

describe('A migrating store', () => {
  test('is named after both', () => {
    expect(migratingStore({ from, to }).name).toBe('migrating(here → there)')
  })

  test('is pinged where its phase reads first', async () => {
    for (const phase of ['prepare', 'move', 'finish'] as const) {
      const [old, fresh] = [faultyStore(memoryRemoteStore()), faultyStore(memoryRemoteStore())]
      await migratingStore({ from: old, to: fresh, phase }).ping('any')
      const pinged = [old, fresh].map(({ calls }) => calls.length)
      expect(pinged).toEqual(phase === 'prepare' ? [1, 0] : [0, 1])
    }
  })

  test('knows the answers of both', () => {
    const [mine, yours, other] = [new Error('from'), new Error('to'), new Error('other')]
    const old = { ...memoryRemoteStore(), answered: (error: unknown) => error === mine }
    const fresh = { ...memoryRemoteStore(), answered: (error: unknown) => error === yours }
    const { answered } = migratingStore({ from: old, to: fresh })
    expect([mine, yours, other].map(error => answered?.(error))).toEqual([true, true, false])
  })

  test('closes both, even where one of them can not be closed', async () => {
    const [old, fresh] = [faultyStore(memoryRemoteStore()), faultyStore(memoryRemoteStore())]
    fresh.fail(new Error('stuck'), 'close')
    const store = migratingStore({ from: old, to: fresh })
    await expect(store.close()).rejects.toThrow('stuck')
    expect(old.calls).toEqual([{ op: 'close', keys: [] }])
  })
})
