import type { Cache } from '@lookaside/core'
import { eventTrace, ManualClock } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { type Backend, backends, newPrefix, openCache, remoteBackends } from '../backends.js'
import { cleared } from '../behaviour/cleared.js'
import { heldLoad } from './held-load.js'
import { deletePlainly } from './plain-client.js'

/** What a writer does after it has committed the new row. */
interface Change {
  readonly name: string
  readonly run: (writer: Cache, key: string, backend: Backend, clock?: ManualClock) => Promise<unknown>
  /** What the writer's cache tells of it. */
  readonly told: readonly string[]
  /** Whether it leaves the new row in the cache. */
  readonly fills?: boolean
  /** Whether a load in another process is stored all the same, where nobody sees it. */
  readonly hides?: boolean
}

const DELETED = ['invalidate kind=delete key=row delivered=true'] as const

const DELETES: readonly Change[] = [
  { name: 'delete', run: (writer, key) => writer.delete(key), told: DELETED },
  { name: 'deleteMany', run: (writer, key) => writer.deleteMany([key]), told: DELETED },
  {
    name: 'deleteMany of many',
    run: (writer, key) => writer.deleteMany(['other', key]),
    told: ['invalidate kind=delete key=other delivered=true', ...DELETED],
  },
  {
    name: 'invalidateAfter',
    run: (writer, key) => writer.invalidateAfter(async () => {}, { keys: [key] }),
    told: DELETED,
  },
  {
    name: 'invalidation().run()',
    run: (writer, key) => writer.invalidation().keys(key).run(),
    told: DELETED,
  },
]

const EXPIRE: Change = {
  name: 'expire',
  run: (writer, key) => writer.expire(key),
  told: ['invalidate kind=expire key=row delivered=true'],
}

const SET: Change = {
  name: 'set',
  run: (writer, key) => writer.set(key, 'new'),
  told: ['set key=row'],
  fills: true,
}

const UNSTORED_SET: Change = {
  name: 'set that is not stored',
  run: (writer, key) => writer.set(key, 'new', { ttl: 0 }),
  told: ['not-stored key=row'],
}

const CLEAR: Change = {
  name: 'clear',
  run: (writer, _key, _backend, clock) => (clock === undefined ? writer.clear() : cleared(writer, clock)),
  told: ['clear delivered=true'],
}

const PLAIN_DELETE: Change = {
  name: 'a plain delete by another program',
  run: (writer, key, backend) => deletePlainly(backend, `${writer.path}::${key}`),
  told: [],
}

function changesOn(backend: Backend): readonly Change[] {
  return [
    ...DELETES,
    EXPIRE,
    SET,
    UNSTORED_SET,
    // Where keys can't be listed what began before it belongs to a generation that has ended.
    { ...CLEAR, hides: !backend.lists },
    ...(backend.name === 'redis' || backend.name === 'memcached' ? [PLAIN_DELETE] : []),
  ]
}

function traceOf(cache: Cache) {
  const trace = eventTrace(cache)
  return {
    /** What was told since the last call. */
    next() {
      const lines = trace.lines('kind', 'key', 'delivered')
      trace.events.length = 0
      return lines
    },
  }
}

describe.each(backends)('on $name', backend => {
  describe.each(changesOn(backend))('$name during a load', ({ run, told, fills = false, hides = false }) => {
    async function race(reader: Cache, writer: Cache, toldHere: readonly string[], hidden = false) {
      const trace = traceOf(reader)
      const held = heldLoad<string>()
      const reading = reader.getOrSet('row', held.load)
      await held.begun
      await run(writer, 'row', backend)
      held.finish('old')

      expect(await reading).toBe('old')
      const ended = hidden ? 'commit' : 'commit-rejected'
      expect(trace.next()).toEqual(['miss key=row', ...toldHere, 'load key=row', `${ended} key=row`])
      expect(await writer.get('row')).toBe(fills ? 'new' : undefined)
      trace.next()
      expect(await reader.getOrSet('row', () => 'new')).toBe('new')
      const loaded = ['miss key=row', 'load key=row', 'commit key=row']
      expect(trace.next()).toEqual(
        fills ? ['hit key=row'] : [...(hidden ? ['unusable key=row'] : []), ...loaded],
      )
      expect(await reader.get('row')).toBe('new')
    }

    test('keeps the old row out of the cache', async () => {
      const cache = openCache(backend)
      await race(cache, cache, told)
    })

    if (backend.kind === 'remote') {
      test('keeps the old row out of the cache from another process', async () => {
        const prefix = newPrefix()
        await race(openCache(backend, { prefix }), openCache(backend, { prefix }), [], hides)
      })
    }
  })

  describe('while a stale value is being refreshed', () => {
    const refreshChanges = changesOn(backend).filter(({ fills }) => !fills)

    test.each(refreshChanges)('$name keeps the old row out of the cache', async ({ run, told }) => {
      const clock = new ManualClock()
      const cache = openCache(backend, { clock, ttl: '1m', grace: '1h' })
      await cache.set('row', 'first')
      await clock.advance(60_000)
      const trace = traceOf(cache)
      const held = heldLoad<string>()
      const reading = cache.getOrSet('row', held.load)
      await held.begun
      await run(cache, 'row', backend, clock)
      held.finish('old')

      expect(await reading).toBe('old')
      expect(trace.next()).toEqual(['miss key=row', ...told, 'load key=row', 'commit-rejected key=row'])
      expect(await cache.get('row')).toBeUndefined()
      expect(await cache.getOrSet('row', () => 'new')).toBe('new')
      expect(await cache.get('row')).toBe('new')
    })

    test('a delete leaves nothing to fall back on, an expire leaves the stale value', async () => {
      const clock = new ManualClock()
      const cache = openCache(backend, { clock, ttl: '1m', grace: '1h' })
      const down = new Error('database down')
      for (const change of ['delete', 'expire'] as const) {
        await cache.set('row', 'first')
        await clock.advance(60_000)
        const held = heldLoad<string>()
        const reading = cache.getOrSet('row', held.load)
        await held.begun
        await cache[change]('row')
        held.finish('old')
        await reading

        const failing = cache.getOrSet('row', () => Promise.reject(down))
        if (change === 'delete') await expect(failing).rejects.toBe(down)
        else expect(await failing).toBe('first')
      }
    })
  })

  describe('while a fresh value is being refreshed by force', () => {
    test.each(changesOn(backend))('$name keeps the old row out of the cache', async ({ run, told }) => {
      const cache = openCache(backend, { grace: '1h' })
      await cache.set('row', 'first')
      const trace = traceOf(cache)
      const held = heldLoad<string>()
      const reading = cache.getOrSet('row', held.load, { refresh: true })
      await held.begun
      await run(cache, 'row', backend)
      held.finish('old')

      expect(await reading).toBe('old')
      expect(trace.next()).toEqual([...told, 'load key=row', 'commit-rejected key=row'])
      expect(await cache.getOrSet('row', () => 'new')).toBe('new')
    })
  })

  describe('beside an open marker', () => {
    test.each(changesOn(backend))(
      '$name keeps the old row out of the cache',
      async ({ run, told, fills }) => {
        const cache = openCache(backend)
        await cache.getOrSet('row', context => {
          context.noStore()
          return 'unstored'
        })
        const trace = traceOf(cache)
        const held = heldLoad<string>()
        const reading = cache.getOrSet('row', held.load)
        await held.begun
        await run(cache, 'row', backend)
        held.finish('old')

        expect(await reading).toBe('old')
        expect(trace.next()).toEqual(['miss key=row', ...told, 'load key=row', 'commit-rejected key=row'])
        expect(await cache.get('row')).toBe(fills ? 'new' : undefined)
        expect(await cache.getOrSet('row', () => 'new')).toBe('new')
      },
    )
  })
})

describe.each(remoteBackends)('on $name', backend => {
  test('a delete by another process voids a refresh of a stale value', async () => {
    const clock = new ManualClock()
    const options = { clock, prefix: newPrefix(), ttl: '1m', grace: '1h' } as const
    const [reader, writer] = [openCache(backend, options), openCache(backend, options)]
    for (const change of ['delete', 'expire'] as const) {
      await reader.set('row', 'first')
      await clock.advance(60_000)
      const trace = traceOf(reader)
      const held = heldLoad<string>()
      const reading = reader.getOrSet('row', held.load)
      await held.begun
      await writer[change]('row')
      held.finish('old')

      expect(await reading).toBe('old')
      expect(trace.next()).toEqual(['miss key=row', 'load key=row', 'commit-rejected key=row'])
      expect(await writer.get('row')).toBeUndefined()
      expect(await writer.getOrSet('row', () => 'new')).toBe('new')
      expect(await reader.get('row')).toBe('new')
    }
  })
})
