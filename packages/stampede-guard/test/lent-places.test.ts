import { describe, expect, it } from 'vitest'
import { heldLoad } from '../../../tests/races/held-load.js'
import { claimed, stampedeGuard } from '../src/index.js'
import { Database } from './database.js'
import { limited } from './limited.js'
import { openProcesses } from './processes.js'

describe('A loader that waits for other loads', () => {
  it('gets them although it waits for one after the other while others load', async () => {
    const { cache, clock, open } = limited({ concurrency: 1 })
    const held = heldLoad<string>()
    const elsewhere = open({ guard: claimed() }).cache.getOrSet('far', held.load)
    await held.begun
    const outer = cache
      .getOrSet('outer', () =>
        Promise.all([
          cache.getOrSet('near', () => 'never'),
          clock.sleep(5).then(() => cache.getOrSet('far', () => 'never')),
        ]),
      )
      .catch(({ code }) => code)
    const others = [
      cache.getOrSet('near', () => clock.sleep(3).then(() => 'near')),
      cache.getOrSet('busy', () => clock.sleep(200)),
      cache.getOrSet('far', () => 'never'),
    ]
    await clock.advance(10)
    held.finish('far')
    await clock.advance(60_000)
    await Promise.all([...others, elsewhere])
    expect(await outer).toEqual(['near', 'far'])
  })

  it('keeps its place while it is served a stale value at once', async () => {
    const guard = stampedeGuard({ limitLoads: { concurrency: 1 } })
    const { first, clock } = openProcesses(1, { guard, ttl: '1m', grace: '1h' })
    const { cache } = first
    const database = new Database(clock)
    await cache.set('stale', 'old')
    await clock.advance(60_000)
    const outer = cache.getOrSet('outer', async context => {
      await clock.sleep(10)
      await cache.getOrSet('stale', database.query)
      return database.query(context)
    })
    await clock.advance(0)
    const other = cache.getOrSet('stale', database.query)
    await clock.advance(500)
    await Promise.all([outer, other])
    expect(database.most).toBe(1)
  })
})
