import { randomUUID } from 'node:crypto'
import type { Cache, CacheOptions } from '@lookaside/core'
import { stampedeGuard } from '@lookaside/stampede-guard'
import { eventTrace } from '@lookaside/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { memcached, newPrefix, openCache, redis } from '../backends.js'
import { type HeldLoad, heldLoad } from '../races/held-load.js'
import { type OtherProcess, otherProcess } from '../races/other-process.js'

type Read = (key: string, load: () => Promise<string> | string) => Promise<string>

const CALLERS = 250

describe.each([redis, memcached])(
  'on $name, a load that a write in another process has overtaken',
  backend => {
    const prefix = newPrefix()
    let there: OtherProcess
    let row = ''
    /** Reads the row before the write. */
    let old: HeldLoad<string>

    beforeAll(async () => {
      there = await otherProcess(backend, { prefix })
    })
    afterAll(() => there?.kill())
    beforeEach(() => {
      row = `row:${randomUUID()}`
      old = heldLoad()
    })

    function openHere(options: Partial<CacheOptions> = {}): Cache {
      return openCache(backend, { prefix, guard: stampedeGuard(), ...options })
    }

    /** A read of the old row goes on, while the other process has committed a new one and deleted the key. */
    async function overtake(read: Read): Promise<{ readonly overtaken: Promise<string> }> {
      const overtaken = read(row, old.load)
      await old.begun
      expect(await there.ask('delete', row)).toBe(true)
      return { overtaken }
    }

    test('is shared by no later caller: they share one of their own', async () => {
      const cache = openHere()
      const { overtaken } = await overtake((key, load) => cache.getOrSet(key, load))
      const load = vi.fn(() => 'new')
      const later = Array.from({ length: CALLERS }, () => cache.getOrSet(row, load))
      expect(new Set(await Promise.all(later))).toEqual(new Set(['new']))
      expect(load).toHaveBeenCalledTimes(1)
      expect(old.calls).toBe(1)

      old.finish('old')
      expect(await overtaken).toBe('old')
      expect(await cache.get(row)).toBe('new')
      expect(await there.ask('get', row)).toBe('new')
    })

    test('is shared by no later caller while the other process loads the new row: they wait for that', async () => {
      const cache = openHere()
      const trace = eventTrace(cache)
      const { overtaken } = await overtake((key, load) => cache.getOrSet(key, load))
      const loadedThere = there.ask('getOrSet', row)
      await there.loading(row)
      const load = vi.fn(() => 'loaded here')
      const later = Array.from({ length: CALLERS }, () => cache.getOrSet(row, load))
      await vi.waitFor(() => expect(trace.types()).toContain('claim-wait'), { timeout: 10_000 })
      old.finish('old')
      expect(await overtaken).toBe('old')

      there.answer(row, 'new')
      expect(new Set(await Promise.all(later))).toEqual(new Set(['new']))
      expect(load).not.toHaveBeenCalled()
      expect(await loadedThere).toBe('new')
      expect(await cache.get(row)).toBe('new')
    })

    test('of a stale value is shared by no later caller either, and not stored', async () => {
      const cache = openHere({ grace: '1h' })
      await cache.getOrSet(row, () => 'stale')
      await cache.expire(row)
      const trace = eventTrace(cache)
      const { overtaken } = await overtake((key, load) => cache.getOrSet(key, load))
      expect(await overtaken).toBe('stale')
      expect(await cache.getOrSet(row, () => 'new')).toBe('new')

      old.finish('old')
      await vi.waitFor(() => expect(trace.types()).toContain('commit-rejected'), { timeout: 10_000 })
      expect(await cache.get(row)).toBe('new')
      expect(await there.ask('get', row)).toBe('new')
    })

    test('is handed on by a single-flight that joins without looking', async () => {
      const read = joinedBlindly(openHere())
      const { overtaken } = await overtake(read)
      const load = vi.fn(() => 'new')
      const later = read(row, load)
      old.finish('old')
      expect(await overtaken).toBe('old')
      expect(await later).toBe('old')
      expect(load).not.toHaveBeenCalled()
    })
  },
)

/** What most caches do: whoever finds a load running in this process shares it. */
function joinedBlindly(cache: Cache): Read {
  const running = new Map<string, Promise<string>>()
  return (key, load) => {
    const joined = running.get(key) ?? cache.getOrSet(key, load).finally(() => running.delete(key))
    running.set(key, joined)
    return joined
  }
}
