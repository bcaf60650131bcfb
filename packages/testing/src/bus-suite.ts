import type { InvalidationBus } from '@lookaside/core'
import { CHANGE_RULES } from './bus-suite/changes.js'
import { CLOSING_RULES } from './bus-suite/closing.js'
import { changeRuleContext, messageRuleContext, type OpenedBuses } from './bus-suite/context.js'
import { changeCutRules, cutRules, messageCutRules } from './bus-suite/cuts.js'
import { END_RULES } from './bus-suite/ends.js'
import { MESSAGE_BYTE_RULES } from './bus-suite/message-bytes.js'
import { MESSAGE_RULES } from './bus-suite/messages.js'
import { PREFIX_RULES } from './bus-suite/prefixes.js'
import type { BusRules } from './bus-suite/rule.js'
import { evictionRules, flushRules, ownChangeRules } from './bus-suite/server-changes.js'
import { UP_RULES } from './bus-suite/up.js'
import { within } from './bus-suite/waiting.js'
import type {
  BusCut,
  BusSuiteOptions,
  ChangeBusSuiteOptions,
  MessageBusSuiteOptions,
} from './bus-suite-options.js'

const COMMON_RULES = { ...UP_RULES, ...END_RULES, ...CLOSING_RULES }
const DEADLINE = 5_000

/**
 * Registers one test for each rule of the contract of an `InvalidationBus`.
 *
 * `name` is the subject of every title: `'redisBus tells a listener that it is up'`. Rules wait by looking again and
 * again, and take what comes later for a sign that nothing else will come: a bus that keeps the contract passes as
 * fast as it is. A decorator passes the suite of what it wraps.
 *
 * @example
 * import { memoryBus } from '@lookaside/core'
 * import { busSuite, memoryRemoteServer } from '@lookaside/testing'
 * import { test } from 'vitest'
 *
 * const server = memoryRemoteServer()
 * const client = { ...server.store(), flush: async () => server.empty() }
 * busSuite('the bus of a server', { kind: 'changes', test, create: () => server.changeBus(), client })
 */
export function busSuite(name: string, options: BusSuiteOptions): void {
  if (options.kind === 'messages') {
    register(name, options, messageRules(options), opened => messageRuleContext(options, opened))
  } else {
    register(name, options, changeRules(options), opened => changeRuleContext(options, opened))
  }
}

function register<C>(
  name: string,
  { test, cuts = {}, deadline = DEADLINE }: BusSuiteOptions,
  rules: BusRules<C>,
  contextOf: (opened: OpenedBuses) => C,
): void {
  for (const [title, rule] of Object.entries(rules)) {
    test(`${name} ${title}`, async () => {
      const buses = new Set<InvalidationBus>()
      try {
        await rule(contextOf({ buses, deadline }))
      } finally {
        for (const { restore } of Object.values(cuts)) await restore()
        const closed = Promise.allSettled([...buses].map(async bus => bus.close()))
        // One that hangs is noticed by the rules about closing; it hides no other failure.
        await within(closed, deadline, 'close()').catch(() => {})
      }
    })
  }
}

function messageRules({ cuts }: MessageBusSuiteOptions) {
  const rules = { ...COMMON_RULES, ...MESSAGE_RULES, ...MESSAGE_BYTE_RULES }
  return { ...rules, ...withCuts(cuts, cut => ({ ...cutRules(cut), ...messageCutRules(cut) })) }
}

function changeRules({ cuts, client, own }: ChangeBusSuiteOptions) {
  return {
    ...COMMON_RULES,
    ...CHANGE_RULES,
    ...PREFIX_RULES,
    ...(client.flush && flushRules(async () => client.flush?.())),
    ...(client.evict && evictionRules(async key => client.evict?.(key))),
    ...(own && ownChangeRules(own)),
    ...withCuts(cuts, cut => ({ ...cutRules(cut), ...changeCutRules(cut) })),
  }
}

/** The rules for each way to cut, with its name in their titles. */
function withCuts<C>(cuts: BusSuiteOptions['cuts'], rulesOf: (cut: BusCut) => BusRules<C>): BusRules<C> {
  const named = Object.entries(cuts ?? {}).flatMap(([name, cut]) =>
    Object.entries(rulesOf(cut)).map(([title, rule]) => [`${title} (${name})`, rule] as const),
  )
  return Object.fromEntries(named)
}
