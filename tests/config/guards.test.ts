import { randomUUID } from 'node:crypto'
import type { CacheSettings } from '@lookaside/config'
import type { Cache } from '@lookaside/core'
import { eventTrace } from '@lookaside/testing'
import { describe, expect, test, vi } from 'vitest'
import { type Gate, gate } from '../behaviour/gate.js'
import { isGone, mustNotLoad, openMember, places } from './members.js'

interface Config {
  readonly name: string
  readonly guard: CacheSettings['guard']
  /** Whether it waits for the load of another process. */
  readonly waits: boolean
  /** Whether it serves a stale value while it is refreshed. */
  readonly servesStale: boolean
}

const CONFIGS: readonly Config[] = [
  { name: 'false', guard: false, waits: false, servesStale: false },
  { name: 'all parts', guard: {}, waits: true, servesStale: true },
  { name: 'no claimed', guard: { claimed: false }, waits: false, servesStale: true },
  {
    name: 'claimed alone',
    guard: {
      backOff: false,
      earlyRefresh: false,
      staleWhileRevalidate: false,
      claimed: { ttl: '10s', poll: { min: 1, max: 5 } },
    },
    waits: true,
    servesStale: false,
  },
]

const PAIRS = CONFIGS.flatMap(loading =>
  CONFIGS.filter(config => config !== loading).map(reading => ({
    from: loading.name,
    to: reading.name,
    loading,
    reading,
  })),
)

/** A loader that waits for its database. */
function heldLoad(value: string): {
  readonly load: () => Promise<string>
  readonly began: Gate
  answer(): void
} {
  const [began, answered] = [gate(), gate()]
  return {
    began,
    answer: answered.open,
    async load() {
      began.open()
      await answered.passed
      return value
    },
  }
}

/** The local tier makes no difference to claims: two pairs show that. */
const worlds = places.map(place => ({
  ...place,
  pairs: place.copies
    ? PAIRS.filter(({ from, to }) => `${from}, ${to}`.match(/^(false|all).*(false|parts)$/))
    : PAIRS,
}))

describe.each(worlds)('On $name, two guards', ({ pairs, ...place }) => {
  const open = async (one: CacheSettings['guard'], other: CacheSettings['guard']) => {
    const prefix = `config-${randomUUID()}`
    const settings = { prefix, grace: '1h' } as const
    // What differs between two releases is seldom one setting alone.
    const loader = await openMember(place, { ...settings, guard: one, codec: 'structured' })
    const reader = await openMember(place, { ...settings, guard: other, compression: { threshold: 0 } })
    return { loader, reader, told: eventTrace(reader) }
  }

  test.each(pairs)('$from loading, $to reading: one load where the reader waits', async pair => {
    const { loader, reader, told } = await open(pair.loading.guard, pair.reading.guard)
    const held = heldLoad('loaded')
    const first = loader.getOrSet('a', held.load)
    await held.began.passed
    const second = vi.fn(() => 'its own')
    const reading = reader.getOrSet('a', second)
    if (pair.reading.waits)
      await vi.waitFor(() => expect(told.types()).toContain('claim-wait'), { interval: 1 })
    else expect(await reading).toBe('its own')
    held.answer()
    expect(await first).toBe('loaded')
    expect(await reading).toBe(pair.reading.waits ? 'loaded' : 'its own')
    expect(second).toHaveBeenCalledTimes(pair.reading.waits ? 0 : 1)
    // Whoever did not wait has stored nothing over the other's claim.
    for (const cache of [loader, reader]) expect(await cache.getOrSet('a', mustNotLoad)).toBe('loaded')
  })

  test.each(pairs)('$from loading, $to deleting: the old value is not stored', async pair => {
    const { loader, reader } = await open(pair.loading.guard, pair.reading.guard)
    for (const how of ['delete', 'deleteTags'] as const) {
      const tags = ['t']
      const held = heldLoad('old')
      const first = loader.getOrSet(how, held.load, { tags })
      await held.began.passed
      expect(await (how === 'delete' ? reader.delete(how) : reader.deleteTags(tags))).toBe(true)
      // It starts after the invalidation, so it gets what is new, from whomever.
      const second = how === 'delete' ? await reader.getOrSet(how, () => 'new', { tags }) : undefined
      held.answer()
      expect(await first).toBe('old')
      expect(second).toBe(how === 'delete' ? 'new' : undefined)
      if (how === 'deleteTags') expect(await reader.getOrSet(how, () => 'new', { tags })).toBe('new')
      await vi.waitFor(async () => expect(await loader.get(how)).toBe('new'), { interval: 2 })
      expect(await reader.get(how)).toBe('new')
    }
  })

  test.each(pairs)('$from refreshing what is stale, $to reading and deleting it', async pair => {
    const { loader, reader } = await open(pair.loading.guard, pair.reading.guard)
    await reader.set('a', 'stale')
    await reader.expire('a')
    const held = heldLoad('old')
    const refreshing = loader.getOrSet('a', held.load)
    if (pair.loading.servesStale) expect(await refreshing).toBe('stale')
    await held.began.passed
    if (pair.reading.waits) expect(await reader.getOrSet('a', mustNotLoad)).toBe('stale')
    expect(await reader.delete('a')).toBe(true)
    held.answer()
    expect(await refreshing).toBe(pair.loading.servesStale ? 'stale' : 'old')
    await endOf(loader)
    await isGone(place, reader, 'a')
    await isGone(place, loader, 'a')
    expect(await reader.getOrSet('a', () => 'new')).toBe('new')
    expect(await loader.getOrSet('a', mustNotLoad)).toBe('new')
  })
})

/** Resolves once the load in the background has come to its end. */
async function endOf(cache: Cache): Promise<void> {
  await vi.waitFor(() => expect(cache.stats().commitsRejected).toBe(1), { interval: 1 })
}
