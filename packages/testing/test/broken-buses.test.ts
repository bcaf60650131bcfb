import { type ChangeBus, type InvalidationBus, type MessageBus, memoryBus } from '@lookaside/core'
import { busSuite, ManualClock, memoryRemoteServer } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import type { AnyBus, BrokenBus, World } from './broken-bus/broken-bus.js'
import { BROKEN_CHANGES } from './broken-bus/changes.js'
import { BROKEN_CLOSING } from './broken-bus/closing.js'
import { BROKEN_CHANGE_CUTS, BROKEN_CUTS, BROKEN_MESSAGE_CUTS } from './broken-bus/cuts.js'
import { BROKEN_ENDS } from './broken-bus/ends.js'
import { BROKEN_MESSAGES } from './broken-bus/messages.js'
import { BROKEN_UP } from './broken-bus/up.js'
import { type Cuttable, cuttable } from './cuttable.js'
import { processBus } from './process-bus.js'

type Rules = ReadonlyMap<string, () => Promise<void>>

/** Long for what happens within the process; what is broken on purpose is waited for in vain. */
const DEADLINE = 100

const COMMON: readonly BrokenBus[] = [...BROKEN_UP, ...BROKEN_ENDS, ...BROKEN_CLOSING, ...BROKEN_CUTS]

const MESSAGES = [...COMMON.map(ofKind<MessageBus>), ...BROKEN_MESSAGES, ...BROKEN_MESSAGE_CUTS]
const CHANGES = [...COMMON.map(ofKind<ChangeBus>), ...BROKEN_CHANGES, ...BROKEN_CHANGE_CUTS]

describe('a bus of messages is rejected', () => rejects(MESSAGES, messageRules))
describe('a bus of changes is rejected', () => rejects(CHANGES, changeRules))

function rejects<B>(all: readonly BrokenBus<B>[], rulesOf: (breakage: BrokenBus<B>['breakage']) => Rules) {
  for (const { rule, because, breakage } of all) {
    test(`by "${rule}" because ${because}`, async () => {
      const run = rulesOf(breakage).get(`the bus ${rule}`)
      expect(run, 'no rule of that title').toBeDefined()
      await expect(run?.()).rejects.toThrow()
    })
  }

  test('by each rule of the suite, for one reason at least', () => {
    const titles = [...rulesOf(() => ({})).keys()].map(title => title.replace('the bus ', ''))
    expect([...new Set(all.map(({ rule }) => rule))].sort()).toEqual(titles.sort())
  })
}

function messageRules(breakage: BrokenBus<MessageBus>['breakage']): Rules {
  const rules = new Map<string, () => Promise<void>>()
  const shared = memoryBus()
  const buses = cuttable(() => processBus(shared))
  const world = worldOf(buses, new ManualClock())
  busSuite('the bus', {
    kind: 'messages',
    test: (title, run) => rules.set(title, run),
    create: () => breaking(buses, breakage, world),
    cuts: { cut: buses },
    deadline: DEADLINE,
  })
  return rules
}

function changeRules(breakage: BrokenBus<ChangeBus>['breakage']): Rules {
  const rules = new Map<string, () => Promise<void>>()
  const clock = new ManualClock()
  const buses = cuttable((): ChangeBus => world.server.changeBus())
  const world = worldOf(buses, clock)
  const store = world.server.store()
  busSuite('the bus', {
    kind: 'changes',
    test: (title, run) => rules.set(title, run),
    create: () => breaking(buses, breakage, world),
    client: {
      ...store,
      flush: async () => world.server.empty(),
      evict: key => store.delete(world.evicted.add(key) && key),
    },
    own: () => ({
      set: (key, bytes, ttl) => store.set(world.own.add(key) && key, bytes, ttl),
      delete: key => store.delete(key),
    }),
    advance: ms => clock.advance(ms),
    cuts: { cut: buses },
    deadline: DEADLINE,
  })
  return rules
}

function worldOf<B extends InvalidationBus>({ opened, isCut }: Cuttable<B>, clock: ManualClock): World {
  return { server: memoryRemoteServer({ clock }), opened, own: new Set(), evicted: new Set(), isCut }
}

function breaking<B extends InvalidationBus>(
  { create }: Cuttable<B>,
  breakage: BrokenBus<B>['breakage'],
  world: World,
): B {
  const bus = create()
  return { ...bus, ...breakage(bus, world) }
}

/** A breakage of either kind, for this one. */
function ofKind<B extends InvalidationBus>({ rule, because, breakage }: BrokenBus): BrokenBus<B> {
  return { rule, because, breakage: (bus, world) => breakage(bus as AnyBus, world) as Partial<B> }
}
