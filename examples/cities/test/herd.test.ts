import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { type Backend, backend } from '../src/backends.js'
import { herdChecks } from '../src/checks.js'
import type { Database } from '../src/database.js'
import {
  GRACEFUL,
  GUARDED,
  type Herd,
  MOMENTS,
  type Moment,
  type Protection,
  UNGUARDED,
} from '../src/herd.js'
import { herdRows } from '../src/herd-report.js'
import { type Herds, herdsOn } from '../src/herds.js'

const ICELAND = { code: 'IS', cities: 33, population: 274_394, largest: [] }

/** As slow as the real one, and as quick to start. */
const database: Database = {
  name: 'slow',
  async query<Row>() {
    await sleep(20)
    return [ICELAND as Row]
  },
  close: async () => {},
}

const kept = [
  backend('memory'),
  backend('Redis', inject('redisUrl')),
  backend('memcached', `memcached://${inject('memcachedServers')}`),
  backend('tiered', inject('redisUrl')),
]
const off = backend('off')

let all: readonly Herds[]
beforeAll(async () => {
  all = await herdsOn(database, [...kept, off], `herd-${randomUUID()}`)
}, 60_000)

function herdsOf(wanted: Backend): Herds {
  const herds = all.find(each => each.backend === wanted)
  if (herds === undefined) throw new Error(`no herds on ${wanted.name}`)
  return herds
}

describe.each(kept)('a crowd comes to a key on $name', here => {
  const herdsHere = () => herdsOf(here)

  function herdUnder(protection: Protection): Herd {
    const found = herdsHere().herds.find(herd => herd.protection === protection)
    if (found === undefined) throw new Error(`no herd under ${protection.name}`)
    return found
  }

  test('three times, and everybody gets the answer', () => {
    for (const { moments } of herdsHere().herds) {
      expect(moments.map(({ when }) => when)).toEqual(MOMENTS)
      expect(moments.map(({ callers }) => callers)).toEqual([18, 144, 18])
      expect(moments.map(({ right }) => right)).toEqual([18, 144, 18])
    }
  })

  test('without a guard it is a herd: who finds nothing asks the database, and one answer is cached', () => {
    for (const { queries, stored, waited } of herdUnder(UNGUARDED).moments) {
      expect(queries).toBeGreaterThan(1)
      expect(stored).toBe(1)
      // Who loses the claim looks once more, and may find by then what another one has loaded.
      expect(waited).toBeGreaterThanOrEqual(queries)
    }
  })

  test.each([GUARDED, GRACEFUL])('$name lets one query through for each value', protection => {
    const [cold, expiring, expired] = herdUnder(protection).moments
    expect(cold).toMatchObject({ queries: 1, stored: 1 })
    expect(expiring?.queries).toBeGreaterThanOrEqual(1)
    expect(expiring?.queries).toBe(expiring?.stored)
    expect(expired).toMatchObject({ queries: 1, stored: 1 })
  })

  test('with grace nobody waits once there has been a value', () => {
    const [cold, expiring, expired] = herdUnder(GRACEFUL).moments
    expect(cold?.waited).toBeGreaterThan(0)
    expect([expiring?.waited, expired?.waited]).toEqual([0, 0])
  })

  test('every check of the demo holds', () => {
    expect(herdChecks(herdsHere()).filter(({ holds }) => !holds)).toEqual([])
  })

  test('the checks of the demo fail for a guard that does not guard, and for grace that does not serve', () => {
    const unguarded = herdUnder(UNGUARDED)
    const brokenFor = (protection: Protection, moments: Herd['moments']) =>
      herdChecks({ ...herdsHere(), herds: [{ ...unguarded, protection, moments }] })
        .filter(({ holds }) => !holds)
        .map(({ what }) => what.replace(/^.*: /, '').replace(/\d+/g, 'N'))
    const tooMany = 'one query for each value, not N for N'
    const waits = 'nobody waits, not N callers'
    expect(brokenFor(GUARDED, unguarded.moments)).toEqual([tooMany, tooMany, tooMany])
    expect(brokenFor(GRACEFUL, unguarded.moments)).toEqual([tooMany, tooMany, waits, tooMany, waits])
    const quiet = herdUnder(GUARDED).moments.filter(({ when }) => when !== 'it expires')
    expect(brokenFor(UNGUARDED, quiet)).toHaveLength(2)
    expect(
      brokenFor(
        GUARDED,
        quiet.map(moment => ({ ...moment, right: 0 })),
      ),
    ).toHaveLength(2)
  })
})

describe('a crowd comes to a key with the cache off', () => {
  test('under each protection once, and everybody asks the database', () => {
    const { caches, herds } = herdsOf(off)
    expect(caches).toBe(1)
    expect(herds.map(({ protection }) => protection)).toEqual([UNGUARDED, GUARDED, GRACEFUL])
    for (const { moments } of herds) {
      expect(moments).toEqual([
        expect.objectContaining({
          when: 'nothing is cached',
          callers: 18,
          right: 18,
          queries: 18,
          waited: 18,
        }),
      ])
    }
  })

  test('every check of the demo holds, and fails where a load is shared', () => {
    const brokenFor = (change: Partial<Moment>) => {
      const herds = herdsOf(off).herds.map(each => ({
        ...each,
        moments: each.moments.map(moment => ({ ...moment, ...change })),
      }))
      return herdChecks({ ...herdsOf(off), herds }).filter(({ holds }) => !holds)
    }
    expect(brokenFor({})).toEqual([])
    expect(brokenFor({ queries: 1 })).toHaveLength(3)
    expect(brokenFor({ right: 17 })).toHaveLength(3)
  })
})

test('side by side each backend has its queries, then its longest waits', () => {
  const rows = herdRows(all)
  expect(rows.map(([what]) => what)).toEqual([
    'herd, guard: false',
    'herd, stampedeGuard()',
    'herd, with grace: 1m',
    'wait, guard: false',
    'wait, stampedeGuard()',
    'wait, with grace: 1m',
  ])
  expect(rows.map(row => row.length)).toEqual([6, 6, 6, 6, 6, 6])
  expect(rows.slice(0, 3).map(row => row.at(-1))).toEqual(['18', '18', '18'])
  for (const row of rows.slice(3)) for (const wait of row.slice(1)) expect(wait).toMatch(/^[\d.]+ m?s$/)
})
