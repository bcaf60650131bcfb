import { type CacheOptions, createCache, type InvalidationBus, memoryBus } from '@lookaside/core'
import { lruStore } from '@lookaside/lru'
import { faultyStore, memoryRemoteStore } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'

const refused = (message: string) => ({ code: 'ERR_CACHE_OPTION', message: expect.stringContaining(message) })

function attempt(options: unknown) {
  return () => createCache(options as CacheOptions)
}

describe('Tiers', () => {
  const [local, remote] = [lruStore(), memoryRemoteStore()]

  it.each([
    ['[remote, local]', [remote, local]],
    ['[local, local]', [local, lruStore()]],
    ['[remote, remote]', [remote, memoryRemoteStore()]],
    ['[local]', [local]],
    ['[local, remote, remote]', [local, remote, remote]],
    ['[]', []],
  ])('are refused as %s', (kinds, store) => {
    expect(attempt({ store })).toThrow(expect.objectContaining(refused(`received ${kinds}`)))
  })

  it.each([
    ['nothing', [local, undefined]],
    ['a name', ['lru', remote]],
    ['an object', [local, {}]],
  ])('are refused with %s in the place of a store', (_, store) => {
    expect(attempt({ store })).toThrow(expect.objectContaining(refused('store must be a store')))
  })

  it('are refused with a store that lacks a method', () => {
    const { get: _, ...rest } = lruStore()
    expect(attempt({ store: [rest, remote] })).toThrow(expect.objectContaining(refused('the method get')))
  })
})

describe('A local store', () => {
  const role = 'a local store has one role'

  it('that stands before a remote store is refused alone, before another one, and for another prefix', () => {
    const [local, remote] = [lruStore(), memoryRemoteStore({ name: 'first' })]
    createCache({ store: [local, remote] })
    for (const options of [
      { store: local },
      { store: [local, memoryRemoteStore({ name: 'second' })] },
      { store: [local, remote], prefix: 'another' },
    ]) {
      expect(attempt(options)).toThrow(
        expect.objectContaining(refused("is used before first already, by a cache with prefix 'lookaside'")),
      )
    }
    expect(attempt({ store: [local, remote] })).not.toThrow()
  })

  it('that is used alone is refused before a remote store', () => {
    const local = lruStore()
    createCache({ store: local })
    expect(attempt({ store: [local, memoryRemoteStore()] })).toThrow(
      expect.objectContaining(refused('is used alone already')),
    )
    expect(attempt({ store: [local, memoryRemoteStore()] })).toThrow(expect.objectContaining(refused(role)))
  })

  it('that is refused leaves the remote store to be closed by those who use it', async () => {
    const [local, remote] = [lruStore(), faultyStore(memoryRemoteStore())]
    createCache({ store: local })
    expect(attempt({ store: [local, remote] })).toThrow(role)
    await createCache({ store: remote }).close()
    expect(remote.calls).toEqual([{ op: 'close', keys: [] }])
  })
})

describe('A bus', () => {
  it('is refused with a local store alone', () => {
    expect(attempt({ store: lruStore(), bus: memoryBus() })).toThrow(
      expect.objectContaining(refused('bus is for caches over a remote store')),
    )
  })

  it.each([
    ['a url', 'redis://localhost:6379'],
    ['null', null],
    ['an object of another kind', { kind: 'remote' }],
  ])('is refused when it is %s', (_, bus) => {
    expect(attempt({ store: [lruStore(), memoryRemoteStore()], bus })).toThrow(
      expect.objectContaining(refused('bus must be a bus')),
    )
  })

  it('is refused without the methods of its kind', () => {
    const { publish: _, ...mute } = memoryBus() as InvalidationBus & { publish: unknown }
    const store = [lruStore(), memoryRemoteStore()]
    expect(attempt({ store, bus: mute })).toThrow(
      expect.objectContaining(refused('bus must have the method publish')),
    )
    expect(attempt({ store, bus: { kind: 'changes', close() {} } })).toThrow(
      expect.objectContaining(refused('bus must have the method listen')),
    )
  })

  it('that was closed is refused', async () => {
    const bus = memoryBus()
    await bus.close()
    expect(attempt({ store: [lruStore(), memoryRemoteStore()], bus })).toThrow(
      expect.objectContaining({ code: 'ERR_CACHE_CLOSED' }),
    )
  })
})

describe('maxLocalStaleness', () => {
  const store = [lruStore(), memoryRemoteStore()]

  it('is refused without a local tier', () => {
    expect(attempt({ store: lruStore(), maxLocalStaleness: '10s' })).toThrow(
      expect.objectContaining(refused('maxLocalStaleness is for caches with a local tier')),
    )
  })

  it.each([0, '0s'])('is refused when it is %s', maxLocalStaleness => {
    expect(attempt({ store, maxLocalStaleness })).toThrow(
      expect.objectContaining(refused('maxLocalStaleness must be at least 1 ms')),
    )
  })

  it.each(['soon', -1, Number.NaN, null])('is refused when it is %s', maxLocalStaleness => {
    expect(attempt({ store, maxLocalStaleness })).toThrow(
      expect.objectContaining({ code: 'ERR_CACHE_DURATION' }),
    )
  })
})
