import { randomUUID } from 'node:crypto'
import type { Cache, RemoteStore } from '@lookaside/core'
import { eventTrace } from '@lookaside/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Backend, memcached, newPrefix, openCache, redis } from '../backends.js'
import { heldLoad } from './held-load.js'
import { type OtherProcess, otherProcess } from './other-process.js'
import { deletePlainly } from './plain-client.js'
import { overwritingStore } from './workers/overwriting-store.mjs'

/** How a writer tells the cache, after it has committed. */
const INVALIDATIONS = ['delete', 'deleteMany', 'expire'] as const

describe.each([redis, memcached])('on $name', (backend: Backend) => {
  const prefix = newPrefix()
  const opened: OtherProcess[] = []
  /** Another process on the same data. */
  let there: OtherProcess
  /** Another process, on a store whose `replace` does not compare. */
  let broken: OtherProcess
  let row = ''

  async function open(options: { overwriting?: boolean; claimTtl?: number } = {}): Promise<OtherProcess> {
    const other = await otherProcess(backend, { prefix, ...options })
    opened.push(other)
    return other
  }

  beforeAll(async () => {
    there = await open()
    broken = await open({ overwriting: true })
  })

  afterAll(() => Promise.all(opened.map(other => other.kill())))

  beforeEach(async () => {
    row = `row:${randomUUID()}`
    await there.ask('told')
  })

  function openHere(store?: RemoteStore): Cache {
    return openCache(backend, { prefix, ...(store && { store }) })
  }

  describe('a reader in another process, whose load is overtaken by a write', () => {
    async function race(invalidate: (writer: Cache) => Promise<unknown>): Promise<Cache> {
      const writer = openHere()
      const reading = there.ask('getOrSet', row)
      await there.loading(row)
      await invalidate(writer)
      there.answer(row, 'old')

      expect(await reading).toBe('old')
      expect(await there.ask('told')).toEqual(['miss', 'load', 'commit-rejected'])
      return writer
    }

    test.each(INVALIDATIONS)('never stores the old row after %s', async how => {
      const writer = await race(cache => (how === 'deleteMany' ? cache.deleteMany([row]) : cache[how](row)))
      expect(await writer.get(row)).toBeUndefined()
      expect(await writer.getOrSet(row, () => 'new')).toBe('new')
      expect(await there.ask('get', row)).toBe('new')
    })

    test('never stores the old row after a plain delete by another program', async () => {
      const writer = await race(cache => deletePlainly(backend, `${cache.path}::${row}`))
      expect(await writer.get(row)).toBeUndefined()
    })

    test('leaves alone what the writer has set', async () => {
      const writer = await race(cache => cache.set(row, 'new'))
      expect(await writer.get(row)).toBe('new')
      expect(await there.ask('get', row)).toBe('new')
    })
  })

  describe('a writer in another process, which overtakes a load here', () => {
    test.each(INVALIDATIONS)('keeps the old row out of the cache by %s', async how => {
      const reader = openHere()
      const trace = eventTrace(reader)
      const held = heldLoad<string>()
      const reading = reader.getOrSet(row, held.load)
      await held.begun
      expect(await there.ask(how, row)).toBe(true)
      held.finish('old')

      expect(await reading).toBe('old')
      expect(trace.types()).toEqual(['miss', 'load', 'commit-rejected'])
      expect(await there.ask('get', row)).toBeUndefined()
      expect(await reader.getOrSet(row, () => 'new')).toBe('new')
      expect(await there.ask('get', row)).toBe('new')
    })

    test('keeps out of the cache an old row that was to replace a fresh one', async () => {
      const reader = openHere()
      await reader.set(row, 'first')
      const held = heldLoad<string>()
      const reading = reader.getOrSet(row, held.load, { refresh: true })
      await held.begun
      await there.ask('delete', row)
      held.finish('old')

      expect(await reading).toBe('old')
      expect(await there.ask('get', row)).toBeUndefined()
    })
  })

  describe('a store whose replace does not compare', () => {
    test('ends with the stale row when the reader is another process', async () => {
      const writer = openHere()
      const reading = broken.ask('getOrSet', row)
      await broken.loading(row)
      await writer.delete(row)
      broken.answer(row, 'old')
      await reading
      expect(await writer.get(row)).toBe('old')
      expect(await there.ask('get', row)).toBe('old')
    })

    test('ends with the stale row when the writer is another process', async () => {
      const reader = openHere(overwritingStore(backend.openStore() as RemoteStore))
      const held = heldLoad<string>()
      const reading = reader.getOrSet(row, held.load)
      await held.begun
      await there.ask('delete', row)
      held.finish('old')
      await reading
      expect(await there.ask('get', row)).toBe('old')
    })
  })

  test('of two processes that load one key, the one with the claim stores it', async () => {
    const here = openHere()
    const trace = eventTrace(here)
    const claimed = there.ask('getOrSet', row)
    await there.loading(row)
    expect(await here.getOrSet(row, () => 'unclaimed')).toBe('unclaimed')
    expect(trace.lines('reason')).toEqual(['miss', 'load reason=miss', 'not-stored reason=no-claim'])
    there.answer(row, 'claimed')
    expect(await claimed).toBe('claimed')
    expect(await here.get(row)).toBe('claimed')
  })

  test('a process that is killed during its load holds the key no longer than its claim lasts', async () => {
    const here = openHere()
    const mortal = await open({ claimTtl: 300 })
    mortal.ask('getOrSet', row).catch(() => {})
    await mortal.loading(row)
    await mortal.kill()
    await here.getOrSet(row, () => 'unclaimed')
    await vi.waitFor(
      async () => {
        await here.getOrSet(row, () => 'claimed')
        expect(await here.get(row)).toBe('claimed')
      },
      { timeout: 10_000, interval: 50 },
    )
  })
})
