import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import type { Backend } from '../src/backends.js'
import { herdChecks } from '../src/checks.js'
import type { Database } from '../src/database.js'
import { GRACEFUL, GUARDED, type Herd, MOMENTS, type Protection, UNGUARDED } from '../src/herd.js'
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

const backends: readonly Backend[] = [
  { name: 'memory', url: 'memory:' },
  { name: 'Redis', url: inject('redisUrl') },
  { name: 'memcached', url: `memcached://${inject('memcachedServers')}` },
]

let all: readonly Herds[]
beforeAll(async () => {
  all = await herdsOn(database, backends, `herd-${randomUUID()}`)
}, 60_000)

describe.each(backends)('a crowd comes to a key on $name', backend => {
  function herdsHere(): Herds {
    const herds = all.find(each => each.backend === backend)
    if (herds === undefined) throw new Error(`no herds on ${backend.name}`)
    return herds
  }

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
      expect({ stored, waited }).toEqual({ stored: 1, waited: queries })
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
