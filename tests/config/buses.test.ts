import { randomUUID } from 'node:crypto'
import type { CacheSettings } from '@lookaside/config'
import type { Cache } from '@lookaside/core'
import { describe, expect, test, vi } from 'vitest'
import { holds, mustNotLoad, openMember, PATIENT, type Place, redis, tiers } from './members.js'

const messages = { bus: { mode: 'pubsub', ...PATIENT } } as const
const changes = { bus: { mode: 'tracking', ...PATIENT } } as const

/** What one cache may do to what another has a copy of. */
const WAYS = ['delete', 'expire', 'set', 'deleteTags', 'refresh', 'clear'] as const

async function change(cache: Cache, how: (typeof WAYS)[number]): Promise<void> {
  if (how === 'set') await cache.set('a', 'new')
  else if (how === 'deleteTags') await cache.deleteTags(['t'])
  else if (how === 'refresh') await cache.getOrSet('a', () => 'new', { refresh: true })
  else if (how === 'clear') await cache.clear()
  else await cache[how]('a')
}

/** Two configs, whose caches have copies where their place has them. */
async function open(old: readonly [Place, CacheSettings], now: readonly [Place, CacheSettings]) {
  const prefix = `config-${randomUUID()}`
  const [one, other] = [
    await openMember(old[0], { ...old[1], prefix }),
    await openMember(now[0], { ...now[1], prefix, codec: 'structured' }),
  ]
  return { old: one, now: other }
}

/** Every way in which `teller` changes what `holder` has a copy of reaches that copy. */
async function reaches(teller: Cache, holder: Cache): Promise<void> {
  for (const how of WAYS) {
    await teller.set('a', 'old', { tags: ['t'] })
    await holds(holder, 'a', 'old')
    await change(teller, how)
    await vi.waitFor(() => expect(holder.peek('a'), how).not.toBe('old'), { timeout: 5_000, interval: 2 })
    const isNew = how === 'set' || how === 'refresh'
    expect(await holder.get('a'), how).toBe(isNew ? 'new' : undefined)
  }
}

describe('A bus mode that is changed', () => {
  test('by tracking on: those on it hear of all that those on pub/sub change', async () => {
    const { old, now } = await open([tiers, messages], [tiers, changes])
    await reaches(old, now)
  })

  test('by tracking on: those on pub/sub are not told, and keep copies for maxLocalStaleness at most', async () => {
    const staleness = { maxLocalStaleness: '600ms' } as const
    const { old, now } = await open([tiers, { ...messages, ...staleness }], [tiers, changes])
    await now.set('a', 'old')
    await holds(old, 'a', 'old')
    await now.delete('a')
    expect(await now.get('a')).toBeUndefined()
    await vi.waitFor(() => expect(old.peek('a')).toBeUndefined(), { timeout: 5_000, interval: 2 })
    expect(await old.get('a')).toBeUndefined()
  })

  // The way from one to the other on which no copy is ever too old: first without copies, but telling.
  test('in two steps, without a local tier in between, leaves nobody with an old copy', async () => {
    const first = await open([tiers, messages], [redis, messages])
    await reaches(first.now, first.old)
    const second = await open([redis, messages], [tiers, changes])
    await reaches(second.old, second.now)
    await second.old.getOrSet('b', () => 'loaded')
    expect(await second.now.getOrSet('b', mustNotLoad)).toBe('loaded')
    await second.now.delete('b')
    expect(await second.old.get('b')).toBeUndefined()
  })
})

describe('A local tier that is added', () => {
  test('on tracking hears of those without one, who tell nobody', async () => {
    const { old, now } = await open([redis, {}], [tiers, changes])
    await reaches(old, now)
  })

  test('on pub/sub hears of those without one who have the bus', async () => {
    const { old, now } = await open([redis, messages], [tiers, messages])
    await reaches(old, now)
  })
})

describe('What a copy on pub/sub is not told of', () => {
  test.each([
    ['a cache without a bus', redis, {}],
    ['a local tier without a bus', tiers, { bus: false }],
    ['a local tier on tracking', tiers, changes],
  ] as const)('is what %s deletes', async (_who, place, settings) => {
    const { old, now } = await open([tiers, messages], [place, settings])
    const teller = await openMember(redis, { ...messages, prefix: old.path })
    const round = async () => {
      for (const key of ['a', 'b']) {
        await now.set(key, 'old')
        await holds(old, key, 'old')
      }
      await now.delete('a')
      // Whoever tells is heard, and what it tells comes after.
      await teller.delete('b')
      await vi.waitFor(() => expect(old.peek('b')).toBeUndefined(), { timeout: 5_000, interval: 2 })
      expect(old.peek('a')).toBe('old')
      expect(await old.lookup('a')).toMatchObject({ state: 'miss' })
    }
    // A bus that was silent for a moment has all copies dropped, 'a' too: then it is tried again.
    await vi.waitFor(round, { timeout: 10_000 })
  })
})
