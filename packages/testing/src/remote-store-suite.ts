import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Milliseconds, RemoteStore } from '@lookaside/core'
import { CLEAR_RULES } from './remote-suite/clear.js'
import { COMPARE_AND_SET_RULES } from './remote-suite/compare-and-set.js'
import { COUNTER_RULES } from './remote-suite/counters.js'
import { DELETE_RULES } from './remote-suite/deletes.js'
import { EXPIRE_RULES } from './remote-suite/expire.js'
import { EXPIRY_RULES } from './remote-suite/expiry.js'
import { KEY_RULES } from './remote-suite/keys.js'
import { LIFECYCLE_RULES } from './remote-suite/lifecycle.js'
import { MANY_RULES } from './remote-suite/many.js'
import type { RuleContext } from './remote-suite/rule.js'
import { VALUE_RULES } from './remote-suite/values.js'

/** What a remote store's conformance suite needs. */
export interface RemoteStoreSuiteOptions {
  /**
   * The runner's test function: vitest's `test`, node:test's `test`, Mocha's `it`.
   *
   * Some rules wait for a value to expire, which takes about a second and twice the store's `ttlStep`: allow
   * each test 10 s. The rules don't disturb each other and may run side by side (vitest's `test.concurrent`)
   * unless `advance` is given.
   */
  readonly test: (title: string, run: () => Promise<void>) => unknown
  /**
   * Opens a connection to data that all the connections share. Called once or more for each rule; the suite
   * closes what it opened, and uses only keys under a random prefix of its own.
   */
  readonly create: () => RemoteStore | Promise<RemoteStore>
  /**
   * Lets time pass for the store, where its clock can be moved.
   * @default waits for that long
   */
  readonly advance?: (ms: Milliseconds) => Promise<void>
}

const RULES = {
  ...VALUE_RULES,
  ...KEY_RULES,
  ...EXPIRY_RULES,
  ...COMPARE_AND_SET_RULES,
  ...DELETE_RULES,
  ...MANY_RULES,
  ...COUNTER_RULES,
  ...EXPIRE_RULES,
  ...CLEAR_RULES,
  ...LIFECYCLE_RULES,
}

/**
 * Registers one test for each rule of the remote store contract.
 *
 * A store without the optional `expire` or `clear` passes the rules about them. A decorator passes the suite
 * of what it wraps. Give `create` a store with a `maxValueBytes` of a few megabytes at most, so that the rules
 * about large values reach its limit.
 *
 * @example
 * import { memoryRemoteServer, remoteStoreSuite } from '@lookaside/testing'
 * import { test } from 'vitest'
 *
 * const server = memoryRemoteServer()
 * remoteStoreSuite({ test, create: () => server.store() })
 */
export function remoteStoreSuite(options: RemoteStoreSuiteOptions): void {
  for (const [title, rule] of Object.entries(RULES)) {
    options.test(title, async () => {
      const opened: RemoteStore[] = []
      try {
        await rule(contextOf(options, opened))
      } finally {
        await Promise.allSettled(opened.map(store => store.close()))
      }
    })
  }
}

function contextOf({ create, advance }: RemoteStoreSuiteOptions, opened: RemoteStore[]): RuleContext {
  const prefix = `conformance:${randomBytes(8).toString('hex')}:`
  let advanced: Milliseconds = 0
  return {
    async connect() {
      const store = await create()
      opened.push(store)
      return store
    },
    key: (name = '') => `${prefix}${name}`,
    async pass(ms) {
      advanced += ms
      await (advance === undefined ? sleep(ms) : advance(ms))
    },
    elapsed: () => (advance === undefined ? performance.now() : advanced),
  }
}
