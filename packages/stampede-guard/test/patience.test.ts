import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed, composeGuards, limitLoads, singleFlight, stampedeGuard } from '../src/index.js'
import { openProcesses } from './processes.js'

describe('A caller that shares a refresh', () => {
  it('waits for as long as its own softTimeout says, though others were served', async () => {
    const { first, clock } = openProcesses(1, { guard: stampedeGuard(), ttl: '1s', grace: '1m' })
    const { cache } = first
    await cache.set('page', 'old')
    await clock.advance(1_000)
    const held = heldLoad<string>()
    expect(await cache.getOrSet('page', held.load)).toBe('old')
    const patient = cache.getOrSet('page', held.load, { softTimeout: '1s' })
    await held.begun
    await clock.advance(500)
    held.finish('new')
    expect(await patient).toBe('new')
    expect(held.calls).toBe(1)
  })
})

describe('A loader that asks for other keys under a limit of 1', () => {
  it('gets one that is stale and stands in line, without anybody who serves what is stale', async () => {
    const guard = composeGuards(singleFlight(), limitLoads({ concurrency: 1 }))
    const { first, clock } = openProcesses(1, { guard, ttl: '1s', grace: '1m', hardTimeout: '10s' })
    const { cache } = first
    await cache.set('stale', 'old')
    await clock.advance(1_000)
    const outer = cache.getOrSet('outer', async () => {
      await clock.sleep(5)
      return cache.getOrSet('stale', () => 'never')
    })
    await clock.advance(0)
    const inLine = cache.getOrSet('stale', () => 'new')
    await clock.advance(100)
    expect(await Promise.all([outer, inLine])).toEqual(['new', 'new'])
  })

  it('gets one that another process loads, which asks for one in this line', async () => {
    const guard = () => composeGuards(singleFlight(), limitLoads({ concurrency: 1 }), claimed())
    const { first, clock, open } = openProcesses(1, { guard: guard() })
    const [here, there] = [first.cache, open({ guard: guard() }).cache]
    const outer = here.getOrSet('a', async () => {
      await clock.sleep(20)
      return here.getOrSet('b', () => 'never')
    })
    await clock.advance(0)
    // Loaded there, by a load that waits for a key which stands in line here.
    const b = there.getOrSet('b', async () => {
      await clock.sleep(40)
      return there.getOrSet('c', () => 'never')
    })
    const c = here.getOrSet('c', () => 'row c')
    await clock.advance(1_000)
    expect(await Promise.all([outer, b, c])).toEqual(['row c', 'row c', 'row c'])
  })
})

describe('After a load that its caller made fail', () => {
  it.each([
    ['by its schema', { schema: z.number() }, 'ERR_CACHE_SCHEMA'],
    ['by its ttl', { ttl: () => 'soon' as '1s' }, 'ERR_CACHE_DURATION'],
  ])('%s others are not kept waiting', async (_, options, code) => {
    const { first } = openProcesses(1, { guard: stampedeGuard() })
    const load = (): unknown => 'text'
    await expect(first.cache.getOrSet('row', load, options as object)).rejects.toMatchObject({ code })
    expect(await first.cache.getOrSet('row', load)).toBe('text')
  })
})
