import { localStoreSuite, ManualClock, memoryRemoteServer, remoteStoreSuite } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import type { BrokenStore } from './broken/broken-store.js'
import { BROKEN_COMPARE_AND_SET } from './broken/compare-and-set.js'
import { BROKEN_COUNTERS } from './broken/counters.js'
import { BROKEN_DELETES, BROKEN_MANY } from './broken/deletes-and-many.js'
import { BROKEN_CLEAR, BROKEN_EXPIRE } from './broken/expire-and-clear.js'
import { BROKEN_EXPIRY } from './broken/expiry.js'
import { BROKEN_KEYS } from './broken/keys.js'
import { BROKEN_LIFECYCLE } from './broken/lifecycle.js'
import { BROKEN_LOCAL, type BrokenLocalStore } from './broken/local.js'
import { BROKEN_VALUES } from './broken/values.js'
import { mapStore } from './map-store.js'

const BROKEN: readonly BrokenStore[] = [
  ...BROKEN_VALUES,
  ...BROKEN_KEYS,
  ...BROKEN_EXPIRY,
  ...BROKEN_COMPARE_AND_SET,
  ...BROKEN_DELETES,
  ...BROKEN_MANY,
  ...BROKEN_COUNTERS,
  ...BROKEN_EXPIRE,
  ...BROKEN_CLEAR,
  ...BROKEN_LIFECYCLE,
]

type Rules = ReadonlyMap<string, () => Promise<void>>

describe('a remote store is rejected', () => {
  for (const { rule, because, open } of BROKEN) {
    test(`by "${rule}" because ${because}`, async () => {
      const run = remoteRules(open).get(rule)
      expect(run, 'no rule of that title').toBeDefined()
      await expect(run?.()).rejects.toThrow()
    })
  }

  test('by each rule of the suite, for one reason at least', () => {
    const rules = remoteRules(server => server.store())
    expect([...new Set(BROKEN.map(store => store.rule))].sort()).toEqual([...rules.keys()].sort())
  })
})

describe('a local store is rejected', () => {
  for (const { rule, because, open } of BROKEN_LOCAL) {
    test(`by "${rule}" because ${because}`, async () => {
      const run = localRules(open).get(rule)
      expect(run, 'no rule of that title').toBeDefined()
      await expect(run?.()).rejects.toThrow()
    })
  }

  test('by each rule of the suite, for one reason at least', () => {
    const rules = localRules(mapStore)
    expect([...new Set(BROKEN_LOCAL.map(store => store.rule))].sort()).toEqual([...rules.keys()].sort())
  })
})

function remoteRules(open: BrokenStore['open']): Rules {
  const rules = new Map<string, () => Promise<void>>()
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock, limits: { maxValueBytes: 12_000 } })
  remoteStoreSuite({
    test: (title, run) => rules.set(title, run),
    create: () => open(server),
    advance: ms => clock.advance(ms),
  })
  return rules
}

function localRules(open: BrokenLocalStore['open']): Rules {
  const rules = new Map<string, () => Promise<void>>()
  localStoreSuite({ test: (title, run) => rules.set(title, run), create: open })
  return rules
}
