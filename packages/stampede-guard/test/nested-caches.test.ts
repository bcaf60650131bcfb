import { describe, expect, it } from 'vitest'
import { freePlaces, limitedInUse } from './limited.js'

describe('Two caches with limits of their own', () => {
  it('whose loaders ask each other get what they ask for', async () => {
    const users = await limitedInUse({ concurrency: 1, queue: 0 })
    const teams = await limitedInUse({ concurrency: 1, queue: 0 })
    const calls = [
      users.cache.getOrSet('a', () =>
        teams.cache.getOrSet('b', () => users.cache.getOrSet('c', users.database.query)),
      ),
      teams.cache.getOrSet('d', () =>
        users.cache.getOrSet('e', () => teams.cache.getOrSet('f', teams.database.query)),
      ),
    ]
    await users.clock.advance(100)
    await teams.clock.advance(100)
    expect(await Promise.all(calls)).toEqual(['row c', 'row f'])
    expect([await freePlaces(users), await freePlaces(teams)]).toEqual([1, 1])
  })

  it("whose loaders wait for what stands in each other's line get it", async () => {
    const users = await limitedInUse({ concurrency: 1 })
    const teams = await limitedInUse({ concurrency: 1 })
    const calls = [
      users.cache.getOrSet('a', async () => {
        await users.clock.sleep(10)
        return teams.cache.getOrSet('in line', teams.database.query)
      }),
      teams.cache.getOrSet('a', async () => {
        await teams.clock.sleep(10)
        return users.cache.getOrSet('in line', users.database.query)
      }),
      users.cache.getOrSet('in line', users.database.query),
      teams.cache.getOrSet('in line', teams.database.query),
    ]
    for (let round = 0; round < 20; round++) {
      await users.clock.advance(10)
      await teams.clock.advance(10)
    }
    expect(await Promise.all(calls)).toEqual(Array(4).fill('row in line'))
    expect(users.database.asked).toEqual(['in line'])
    expect([await freePlaces(users), await freePlaces(teams)]).toEqual([1, 1])
  })

  it('whose loaders ask each other in a circle end by the hardTimeout', async () => {
    const users = await limitedInUse({ concurrency: 1 }, { hardTimeout: '1s' })
    const teams = await limitedInUse({ concurrency: 1 }, { hardTimeout: '1s' })
    const circle = users.cache.getOrSet('a', () =>
      teams.cache.getOrSet('b', (): Promise<string> => users.cache.getOrSet('a', () => 'never')),
    )
    const code = circle.catch(({ code }) => code)
    await users.clock.advance(1_000)
    expect(await code).toBe('ERR_CACHE_LOAD_TIMEOUT')
    await teams.clock.advance(1_000)
    expect([await freePlaces(users), await freePlaces(teams)]).toEqual([1, 1])
  })
})
