import type { Cache, LoadContext } from '@lookaside/core'
import type { FaultyMessageBus } from '@lookaside/testing'
import { describe, expect, it } from 'vitest'
import { type Fleet, openFleet, type Process } from '../fleet.js'
import { referenceCells } from '../reference-table.js'

/** Two processes that both have a copy of `old`, which the remote tier holds too. */
interface Setting {
  readonly fleet: Fleet
  readonly here: Process<FaultyMessageBus>
  readonly elsewhere: Process<FaultyMessageBus>
  readonly plain: Cache
}

type Act = (cache: Cache, setting: Setting) => unknown

function unstored({ noStore }: LoadContext): string {
  noStore()
  return 'new'
}

/** Nobody tells the processes; the copy here is gone too. */
async function lose({ here, plain }: Setting): Promise<void> {
  await plain.delete('k')
  here.local.clear()
}

async function unanswered({ here }: Setting, act: () => Promise<boolean>): Promise<void> {
  here.store.fail()
  expect(await act()).toBe(false)
}

async function answeredAgain({ fleet, here }: Setting): Promise<void> {
  here.store.heal()
  await fleet.clock.advance(1_000)
}

const UNFIT: readonly [value: unknown, options: object][] = [
  ['new', { ttl: 0 }],
  ['x'.repeat(2_000), {}],
  [() => {}, {}],
]

const acts: Record<string, readonly Act[]> = {
  set: [cache => cache.set('k', 'new')],
  setMany: [cache => cache.setMany([['k', 'new']])],
  'set of a value that is not stored: ttl: 0, too large, not encodable': UNFIT.map(
    ([value, options]): Act =>
      cache =>
        cache.set('k', value, options),
  ),
  'set that the store does not answer': [
    (cache, setting) => unanswered(setting, () => cache.set('k', 'new')),
  ],
  'set that the store does not answer, once it does': [
    async (cache, setting) => {
      await unanswered(setting, () => cache.set('k', 'new'))
      await answeredAgain(setting)
    },
  ],
  'set with ifVersion that holds': [
    async cache => {
      const { version } = await cache.lookup('k')
      expect(await cache.set('k', 'new', { ifVersion: version })).toBe(true)
    },
  ],
  'set with ifVersion that does not hold': [
    async (cache, { plain }) => {
      const { version } = await cache.lookup('k')
      await plain.set('k', 'old')
      expect(await cache.set('k', 'new', { ifVersion: version })).toBe(false)
    },
  ],
  'set with ifVersion that holds, of a value that is not stored': UNFIT.map(
    ([value, options]): Act =>
      async cache => {
        const { version } = await cache.lookup('k')
        expect(await cache.set('k', value, { ...options, ifVersion: version })).toBe(false)
      },
  ),
  delete: [cache => cache.delete('k')],
  deleteMany: [cache => cache.deleteMany(['other', 'k'])],
  'delete that the store does not answer': [(cache, setting) => unanswered(setting, () => cache.delete('k'))],
  'delete that the store does not answer, once it does': [
    async (cache, setting) => {
      await unanswered(setting, () => cache.delete('k'))
      await answeredAgain(setting)
    },
  ],
  expire: [cache => cache.expire('k')],
  deleteTags: [cache => cache.deleteTags(['t']), cache => cache.invalidateTags(['t'])],
  expireTags: [cache => cache.expireTags(['t'])],
  clear: [cache => cache.clear()],
  'getOrSet that loads after the remote tier has lost the value': [
    async (cache, setting) => {
      await lose(setting)
      await cache.getOrSet('k', () => 'new')
    },
  ],
  'getOrSet that loads without a claim': [
    async (cache, setting) => {
      await lose(setting)
      setting.here.store.fail(undefined, 'add')
      await cache.getOrSet('k', () => 'new')
    },
  ],
  'getOrSet that loads while another process deletes the key': [
    async (cache, setting) => {
      await lose(setting)
      await cache.getOrSet('k', async () => {
        await setting.elsewhere.cache.delete('k')
        return 'new'
      })
    },
  ],
  'getOrSet whose loader calls noStore(), after the remote tier has lost the value': [
    async (cache, setting) => {
      await lose(setting)
      await cache.getOrSet('k', unstored)
    },
  ],
  'getOrSet with refresh: true': [cache => cache.getOrSet('k', () => 'new', { refresh: true })],
  'getOrSet with refresh: true whose loader calls noStore()': [
    cache => cache.getOrSet('k', unstored, { refresh: true }),
  ],
}

const places: Record<string, (setting: Setting) => Promise<string>> = {
  'The copy here': async ({ here }) => stateOf(here.cache.peek('k')),
  'The remote tier': async ({ plain }) => {
    const found = await plain.lookup('k')
    return found.state === 'stale' ? 'stale' : stateOf('value' in found ? found.value : undefined)
  },
  'Copies elsewhere': async ({ elsewhere }) => stateOf(elsewhere.cache.peek('k')),
}

function stateOf(value: unknown): string {
  if (value === 'old') return 'stays'
  return value === undefined ? 'gone' : String(value)
}

async function setting(): Promise<Setting> {
  const fleet = openFleet({ ttl: '1h', grace: '1h' }, { limits: { maxValueBytes: 1_000 } })
  const [here, elsewhere] = [await fleet.member(), await fleet.member()]
  const plain = fleet.plain()
  await plain.set('k', 'old', { tags: ['t'] })
  await here.cache.get('k')
  await elsewhere.cache.get('k')
  return { fleet, here, elsewhere, plain }
}

describe('Writes to tiers', () => {
  const cells = referenceCells('tiers.md', 'Writes')

  it('are told by the reference for each call and each place', () => {
    expect([...new Set(cells.map(({ row }) => row))]).toEqual(Object.keys(acts))
    expect([...new Set(cells.map(({ column }) => column))]).toEqual(Object.keys(places))
  })

  for (const { row, column, text } of cells) {
    it(`${row}: ${column}: ${text}`, async () => {
      const ways = acts[row] as readonly Act[]
      const outcomes = await Promise.all(
        ways.map(async act => {
          const made = await setting()
          await act(made.here.cache, made)
          await made.fleet.settle()
          return places[column]?.(made)
        }),
      )
      expect(outcomes).toEqual(ways.map(() => text))
    })
  }
})
