import type { RemoteStore } from '@lookaside/core'
import { afterEach, describe, expect, onTestFinished, test } from 'vitest'
import { type Backend, memcached, newPrefix, openCache, redis } from '../backends.js'
import { type WarmingProcess, type WarmingProcessOptions, warmingProcess } from './warming-process.js'

const SIZE = 300
const CONCURRENCY = 8
const TIMEOUT = 120_000

const ITEMS = Array.from({ length: SIZE }, (_, index) => `item-${index}`)
const VALUES = new Map(ITEMS.map(item => [item, `value of ${item}`]))

/** How often each item was loaded, in all processes. */
async function loadsOf(backend: Backend, prefix: string): Promise<number[]> {
  const store = backend.openStore() as RemoteStore
  onTestFinished(() => store.close())
  const counts = ITEMS.map(item =>
    store.increment(`${prefix}-loads::${item}`, 0n, { initial: 0n, ttl: 3_600_000 }),
  )
  return (await Promise.all(counts)).map(Number)
}

describe.each([redis, memcached])('warm on $name, in processes of their own', backend => {
  let opened: WarmingProcess[] = []
  afterEach(async () => {
    await Promise.all(opened.map(one => one.kill()))
    opened = []
  })

  async function start(
    options: Partial<WarmingProcessOptions> & { prefix: string },
  ): Promise<WarmingProcess> {
    const own = { size: SIZE, loadTime: 5, concurrency: CONCURRENCY, claimTtl: 60_000, ...options }
    const one = await warmingProcess(backend, own)
    opened.push(one)
    return one
  }

  test(
    'which all begin at once: each key is loaded exactly once over all',
    async () => {
      const prefix = newPrefix()
      const processes = await Promise.all(Array.from({ length: 4 }, () => start({ prefix })))
      const ended = await Promise.all(processes.map(one => one.go()))
      expect(await loadsOf(backend, prefix)).toEqual(ITEMS.map(() => 1))
      for (const one of ended) {
        expect(one?.summary).toMatchObject({ done: SIZE, failed: 0, stopped: false })
        expect(one?.most).toBeLessThanOrEqual(CONCURRENCY)
      }
      const all = ended.map(one => one?.summary)
      expect(all.reduce((sum, one) => sum + (one?.loaded ?? 0), 0)).toBe(SIZE)
      expect(all.reduce((sum, one) => sum + (one?.skipped ?? 0), 0)).toBe(3 * SIZE)
      expect(await openCache(backend, { prefix }).getMany(ITEMS)).toEqual(VALUES)
    },
    TIMEOUT,
  )

  test(
    'one of which is killed in the middle: the next resumes where it was',
    async () => {
      const prefix = newPrefix()
      const options = { prefix, claimTtl: 2_000 }
      const mortal = await start({ ...options, loadTime: 20 })
      const lost = mortal.go()
      await mortal.loads(100)
      await mortal.kill()
      expect(await lost).toBeUndefined()
      const before = await loadsOf(backend, prefix)

      const next = await (await start(options)).go()
      expect(next?.summary).toMatchObject({ done: SIZE, failed: 0, stopped: false })
      expect(next?.summary.skipped).toBeGreaterThanOrEqual(100 - CONCURRENCY)
      const after = await loadsOf(backend, prefix)
      // What was under way when it was killed is loaded again, and nothing else.
      const again = ITEMS.filter((_, index) => before[index] === 1 && after[index] === 2)
      expect(again.length).toBeLessThanOrEqual(CONCURRENCY)
      expect(after.filter(count => count !== 1)).toHaveLength(again.length)
      expect(await openCache(backend, { prefix }).getMany(ITEMS)).toEqual(VALUES)
    },
    TIMEOUT,
  )

  test(
    'does not undo a delete that comes during a load',
    async () => {
      const prefix = newPrefix()
      const held = 'item-5'
      const one = await start({ prefix, held })
      const cache = openCache(backend, { prefix })
      const going = one.go()
      await one.loading(held)
      await cache.delete(held)
      one.release()
      expect((await going)?.summary).toMatchObject({ done: SIZE, loaded: SIZE })
      expect(await cache.get(held)).toBeUndefined()
      expect((await cache.getMany(ITEMS)).size).toBe(SIZE - 1)
    },
    TIMEOUT,
  )

  test(
    'which may run fewer loads than there are items under way: each keeps to that',
    async () => {
      const prefix = newPrefix()
      const limitLoads = { concurrency: 2, queue: 1 }
      const processes = await Promise.all([start({ prefix, limitLoads }), start({ prefix, limitLoads })])
      for (const one of await Promise.all(processes.map(each => each.go()))) {
        expect(one?.summary).toMatchObject({ done: SIZE, failed: 0 })
        expect(one?.most).toBeLessThanOrEqual(2)
      }
      expect(await loadsOf(backend, prefix)).toEqual(ITEMS.map(() => 1))
    },
    TIMEOUT,
  )
})
