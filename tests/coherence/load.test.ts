import type { RedisBusMode } from '@lookaside/redis'
import { afterEach, describe, expect, test } from 'vitest'
import { type Server, startRedis } from '../servers/index.js'
import { type Fleet, openFleet } from './fleet.js'

const MODES: readonly RedisBusMode[] = ['pubsub', 'tracking']
const PROCESSES = 3
const LOAD = { namespace: 'load', keys: 200, groups: 20, readers: 6, duration: 3_000 }
const TIMEOUT = 60_000

/** A machine that is slow must not lose messages here: what is not known for certain can't be judged. */
const PATIENT = {
  timing: { heartbeat: 1_000, socketTimeout: 20_000, connectTimeout: 20_000 },
  storeTimeout: '20s',
} as const

describe.each(MODES)(
  `${PROCESSES} processes that read and write ${LOAD.keys} keys at random, mode %s,`,
  mode => {
    let server: Server
    let fleet: Fleet
    afterEach(async () => {
      await fleet?.stop()
      await server?.stop()
    })

    test(
      'serve nothing older than what they know to be invalidated; one that is deaf does',
      async () => {
        server = await startRedis()
        const url = `redis://${server.address}`
        fleet = openFleet({ mode, store: url, bus: url })
        const options = { ...PATIENT, guarded: true, grace: 0 }
        const members = await Promise.all(Array.from({ length: PROCESSES }, () => fleet.start(options)))
        const deaf = await fleet.start({ ...options, naive: 'deaf' })
        const all = [...members, deaf]
        await Promise.all(all.map(member => member.prepareLoad(LOAD)))

        const reports = await Promise.all(all.map(member => member.load()))
        await fleet.settle(all)
        for (const [index, report] of reports.entries()) {
          const { reads, localHits, loads, writes, floorsHeard, tooOldHere, tooOldElsewhere } = report
          console.info(
            `${mode}, ${index < PROCESSES ? `process ${index}` : 'deaf process'}: ${reads} reads, ${((100 * localHits) / reads).toFixed(0)} % from the local tier, ${loads} loads; ${writes} writes, ${floorsHeard} of others; too old ${tooOldHere} of its own, ${tooOldElsewhere} of others`,
          )
        }
        for (const report of reports.slice(0, PROCESSES)) {
          expect(report).toMatchObject({ undelivered: 0, tooOldHere: 0, tooOldElsewhere: 0 })
          expect(report.localHits).toBeGreaterThan(0)
          expect(report.floorsHeard).toBeGreaterThan(0)
          expect(report.writes).toBeGreaterThan(0)
        }
        expect(reports.at(-1)?.tooOldHere).toBe(0)
        expect(reports.at(-1)?.tooOldElsewhere).toBeGreaterThan(0)

        for (const member of members) {
          const served = await member.versions()
          const keys = served.map(([key]) => key)
          expect(served.map(([, version]) => version)).toEqual(await fleet.versions(LOAD.namespace, keys))
        }
      },
      TIMEOUT,
    )
  },
)
