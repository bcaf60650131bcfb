import { randomUUID } from 'node:crypto'
import type { CacheSettings } from '@lookaside/config'
import { expect, inject, onTestFinished, test } from 'vitest'
import { type WorkerProcess, workerProcess } from '../processes/worker-process.js'
import { servers } from './members.js'

/** What a process has come to; see `workers/deployed.mjs`. */
interface Report {
  readonly reads: number
  readonly writes: number
  readonly loads: number
  /** Reads of what had been invalidated before they began. */
  readonly old: number
  /** Reads of what is not quite what was loaded. */
  readonly changed: number
  readonly errors: readonly string[]
}

const WORKER = new URL('./workers/deployed.mjs', import.meta.url)
const PROCESSES = 3
const KEYS = 20
const TIMEOUT = 60_000

const OLD: CacheSettings = {
  ttl: '1h',
  guard: { earlyRefresh: false, staleWhileRevalidate: false, claimed: { wait: '20s' } },
}
const NEW: CacheSettings = {
  codec: 'structured',
  compression: { threshold: 64 },
  ttl: '5m',
  grace: '1h',
  jitter: 0.1,
  claimTtl: '3s',
}

test.each(servers)(
  'A fleet that is rolled over to another config on $name reads nothing old, and loads little',
  async place => {
    const prefix = `config-${randomUUID()}`
    const fleet: WorkerProcess[] = []
    onTestFinished(async () => {
      await Promise.all(fleet.map(member => member.kill()))
    })
    const start = async (settings: CacheSettings) => {
      const config = { ...place.config(), storeTimeout: '5s', ...settings, prefix }
      const member = await workerProcess(WORKER, { config, database: inject('redisUrl') })
      fleet.push(member)
      return member
    }
    const progress = (members: readonly WorkerProcess[]) =>
      Promise.all(members.map(member => member.ask('progress', { reads: 50 })))

    const reports: Report[] = []
    const [leavers, joiners] = await Promise.all(
      [OLD, NEW].map(config => Promise.all(Array.from({ length: PROCESSES }, () => start(config)))),
    )
    let running = leavers as WorkerProcess[]
    await Promise.all(running.map(member => member.ask('run')))
    await progress(running)
    for (const [index, leaving] of [...running].entries()) {
      const joining = joiners?.[index] as WorkerProcess
      running = [...running, joining]
      await joining.ask('run')
      await progress(running)
      running = running.filter(member => member !== leaving)
      reports.push((await leaving.ask('stop')) as Report)
    }
    await progress(running)
    for (const member of running) reports.push((await member.ask('stop')) as Report)

    const all = (count: 'reads' | 'writes' | 'loads') =>
      reports.reduce((sum, report) => sum + report[count], 0)
    for (const report of reports) {
      expect(report).toMatchObject({ old: 0, changed: 0, errors: [] })
      expect(report.reads).toBeGreaterThan(100)
    }
    expect(all('writes')).toBeGreaterThan(10)
    // An invalidation deletes a key and a tag: a load between the two is one too many.
    expect(all('loads')).toBeLessThanOrEqual(KEYS + 2 * all('writes'))
    console.info(
      `${place.name}: ${all('reads')} reads, ${all('writes')} writes, ${all('loads')} loads while ${PROCESSES} processes were replaced`,
    )
  },
  TIMEOUT,
)
