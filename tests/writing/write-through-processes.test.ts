import { describe, expect, test, vi } from 'vitest'
import { type Backend, memcached, newPrefix, openCache, redis } from '../backends.js'
import { openDatabase, type WritingProcessOptions, writingProcess } from './writing-process.js'

const PROCESSES = 4
const WRITES = 60
const CLAIM_TTL = 500
const TIMEOUT = 120_000

describe.each([redis, memcached])('Processes that write one key through on $name', (backend: Backend) => {
  async function start(count: number, options: Omit<WritingProcessOptions, 'prefix'> = {}) {
    const prefix = newPrefix()
    const database = await openDatabase('first')
    const processes = await Promise.all(
      Array.from({ length: count }, () => writingProcess(backend, database, { prefix, ...options })),
    )
    const cache = openCache(backend, { prefix, ttl: '1h' })
    return { database, processes, cache }
  }

  test(
    'many times at once leave what the database has, and each reads what it has written',
    async () => {
      const { database, processes, cache } = await start(PROCESSES)
      const outdated = await Promise.all(
        processes.map((one, name) => one.ask('writeMany', { count: WRITES, name: `process ${name}` })),
      )
      expect(outdated).toEqual(processes.map(() => []))
      const rows = await database.rows()
      expect(rows).toHaveLength(1 + PROCESSES * WRITES)
      expect([undefined, rows.at(-1)]).toContain(await cache.get('row'))
      for (const one of processes) expect(await one.ask('getOrSet')).toBe(rows.at(-1))
    },
    TIMEOUT,
  )

  /** One commits, another one commits and ends, and then the first one ends. */
  async function overtaken(naive: boolean) {
    const { database, processes, cache } = await start(2, { naive })
    const [one, two] = processes
    await cache.set('row', 'first')
    const held = one?.ask('writeHeld', 'second')
    await one?.committed
    const other = two?.ask('writeHeld', 'third')
    await two?.committed
    await two?.ask('release')
    await other
    await one?.ask('release')
    await held
    expect(await database.rows()).toEqual(['first', 'second', 'third'])
    return cache.get('row')
  }

  test('and overtake one another leave nothing', async () => {
    expect(await overtaken(false)).toBeUndefined()
  })

  test('and overtake one another leave the loser’s value where they write and then set', async () => {
    expect(await overtaken(true)).toBe('second')
  })

  /** One commits and is killed before it can tell the cache. */
  async function killed(naive: boolean) {
    const { database, processes, cache } = await start(2, { naive, claimTtl: CLAIM_TTL })
    const [mortal, other] = processes
    await cache.set('row', 'first')
    mortal?.ask('writeHeld', 'second').catch(() => {})
    await mortal?.committed
    await mortal?.kill()
    expect(await database.rows()).toEqual(['first', 'second'])
    return { cache, other, served: () => other?.ask('getOrSet') }
  }

  test('of which one is killed before it can store serve nothing old, and after its claim store again', async () => {
    const { cache, served } = await killed(false)
    await vi.waitFor(
      async () => {
        expect([undefined, 'second']).toContain(await cache.get('row'))
        expect(await served()).toBe('second')
        // Whoever reads this has found it in the cache.
        expect(await cache.get('row')).toBe('second')
      },
      { timeout: 20_000, interval: 50 },
    )
  })

  test('of which one is killed before it can set go on to serve the old value', async () => {
    const { cache, served } = await killed(true)
    expect(await cache.get('row')).toBe('first')
    expect(await served()).toBe('first')
  })

  test('of which one is killed, while another one writes, leave nothing old', async () => {
    const { cache, other, served } = await killed(false)
    expect(await other?.ask('writeMany', { count: 1, name: 'other' })).toEqual([])
    expect([undefined, 'other-0']).toContain(await cache.get('row'))
    await vi.waitFor(
      async () => {
        expect(await served()).toBe('other-0')
        expect(await cache.get('row')).toBe('other-0')
      },
      { timeout: 20_000, interval: 50 },
    )
  })
})
