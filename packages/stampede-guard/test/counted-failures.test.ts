import type { Cache, CacheOptions } from '@lookaside/core'
import { describe, expect, it } from 'vitest'
import { heldLoad } from '../../../tests/races/held-load.js'
import { backOff, composeGuards, singleFlight, stampedeGuard } from '../src/index.js'
import { openProcesses } from './processes.js'

/** A process whose cache backs off. */
function backingOff(options: Partial<CacheOptions> = {}) {
  const { first, ...world } = openProcesses(1, {
    guard: composeGuards(backOff(), singleFlight()),
    ...options,
  })
  return { ...world, ...first }
}

const outcomeOf = (cache: Cache) => cache.getOrSet('row', () => 'loaded').catch(error => error)

describe('A load has failed', () => {
  it('when it ran into the hardTimeout', async () => {
    const { cache, clock } = backingOff({ hardTimeout: 100 })
    const late = cache.getOrSet('row', () => new Promise(() => {})).catch(error => error)
    await clock.advance(100)
    expect(await late).toMatchObject({ code: 'ERR_CACHE_LOAD_TIMEOUT' })
    expect(await outcomeOf(cache)).toBe(await late)
  })

  it('but not when it ran into the hardTimeout of a call that waits for less than others', async () => {
    const { cache, clock } = backingOff()
    const impatient = cache
      .getOrSet('row', () => new Promise(() => {}), { hardTimeout: 100 })
      .catch(({ code }) => code)
    await clock.advance(100)
    expect(await impatient).toBe('ERR_CACHE_LOAD_TIMEOUT')
    expect(await outcomeOf(cache)).toBe('loaded')
  })

  it('but not when its last caller has left', async () => {
    const { cache, clock } = backingOff()
    const leaving = new AbortController()
    const left = cache.getOrSet('row', () => new Promise(() => {}), { signal: leaving.signal }).catch(String)
    await clock.advance(10)
    leaving.abort('gone')
    expect(await left).toBe('gone')
    await clock.advance(0)
    expect(await outcomeOf(cache)).toBe('loaded')
  })

  it('but not when its cache was closed', async () => {
    const { cache, store, open, clock } = backingOff()
    const other = open({ store })
    const lost = cache.getOrSet('row', () => new Promise(() => {})).catch(({ code }) => code)
    await clock.advance(0)
    const closing = cache.close()
    await clock.advance(5_000)
    await closing
    expect(await lost).toBe('ERR_CACHE_CLOSED')
    expect(await outcomeOf(other.cache)).toBe('loaded')
  })

  it('but not when it was never begun, for lack of a place', async () => {
    const guard = stampedeGuard({ limitLoads: { concurrency: 1, queue: 0 } })
    const { first, clock } = openProcesses(1, { guard })
    const held = heldLoad<string>()
    const busy = first.cache.getOrSet('busy', held.load)
    await held.begun
    expect(await outcomeOf(first.cache)).toMatchObject({ code: 'ERR_CACHE_LOAD_LIMIT' })
    held.finish('done')
    await busy
    await clock.advance(0)
    expect(await outcomeOf(first.cache)).toBe('loaded')
  })

  it('but not when its key was deleted while it ran', async () => {
    const { first, clock } = openProcesses(1, { guard: composeGuards(backOff(), singleFlight()) })
    const { cache } = first
    const held = heldLoad<string>()
    const older = cache.getOrSet('row', held.load).catch(String)
    await held.begun
    await cache.delete('row')
    held.fail(new Error('no such column'))
    await older
    await clock.advance(0)
    expect(await cache.getOrSet('row', () => 'new').catch(String)).toBe('new')
  })
})
