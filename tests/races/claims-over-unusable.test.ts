import { describe, expect, test, vi } from 'vitest'
import { remoteBackends } from '../backends.js'
import { operations, worldOn } from './claim-world.js'

describe.each(remoteBackends)('a claim on $name, over what can not be used,', backend => {
  const unusable: readonly { what: string; bytes: (valid: Uint8Array) => Uint8Array; reason: string }[] = [
    { what: 'bytes of another program', bytes: () => Buffer.from('plain text'), reason: 'foreign' },
    { what: 'a frame of a later format', bytes: valid => changed(valid, 2, 9), reason: 'format' },
    { what: 'a damaged frame', bytes: valid => changed(valid, valid.length - 1, 0), reason: 'corrupt' },
  ]

  test.each(unusable)('such as $what stores the load', async ({ bytes, reason }) => {
    const world = worldOn(backend)
    const { cache, store, trace } = world.open(backend)
    await cache.set('row', 'valid')
    const valid = await store.get(world.at('row'))
    await store.set(world.at('row'), bytes(valid?.bytes as Uint8Array), 60_000)
    store.calls.length = 0

    expect(await cache.getOrSet('row', () => 'loaded')).toBe('loaded')
    expect(operations(store)).toEqual(['get', 'replace', 'replace'])
    expect(trace.lines('reason')).toEqual([
      'set',
      `unusable reason=${reason}`,
      'miss',
      'load reason=miss',
      'commit',
    ])
    expect(await cache.get('row')).toBe('loaded')
  })

  test('such as a dead value stores the load', async () => {
    const world = worldOn(backend)
    const { cache, store, trace } = world.open(backend, { ttl: '1m' })
    await cache.set('row', 'first')
    await world.clock.advance(60_000)
    store.calls.length = 0
    expect(await cache.getOrSet('row', () => 'second')).toBe('second')
    expect(operations(store)).toEqual(['get', 'replace', 'replace'])
    expect(trace.types()).toEqual(['set', 'miss', 'load', 'commit'])
  })

  test('such as a value of an older version stores the load', async () => {
    const world = worldOn(backend)
    const older = world.open(backend, { version: 1 })
    const newer = world.open(backend, { version: 2 })
    await older.cache.set('row', 'older')
    expect(await newer.cache.getOrSet('row', () => 'newer')).toBe('newer')
    expect(newer.trace.types()).toEqual(['unusable', 'miss', 'load', 'commit'])
    expect(await newer.cache.get('row')).toBe('newer')
  })

  test('leaves a value of a newer version alone', async () => {
    const world = worldOn(backend)
    const older = world.open(backend, { version: 1 })
    const newer = world.open(backend, { version: 2 })
    await newer.cache.set('row', 'newer')
    expect(await older.cache.getOrSet('row', () => 'older')).toBe('older')
    expect(operations(older.store)).toEqual(['get'])
    expect(older.trace.lines('reason')).toEqual(['miss', 'load reason=miss', 'not-stored reason=no-claim'])
    expect(await newer.cache.get('row')).toBe('newer')
  })

  test('that somebody else has replaced meanwhile is lost', async () => {
    const world = worldOn(backend)
    const [here, there] = [world.open(backend), world.open(backend)]
    await here.store.set(world.at('row'), Buffer.from('plain text'), 60_000)
    here.store.delay(50, { ops: ['replace'], times: 1 })
    const reading = here.cache.getOrSet('row', () => 'loaded here')
    await vi.waitFor(() => expect(operations(here.store)).toEqual(['set', 'get', 'replace']))
    await there.cache.getOrSet('row', () => 'loaded there')
    await world.clock.advance(50)
    expect(await reading).toBe('loaded there')
    expect(here.trace.types()).toEqual(['unusable', 'miss'])
  })
})

function changed(bytes: Uint8Array, index: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[index] = byte
  return copy
}
