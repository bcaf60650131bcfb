import { afterEach, describe, expect, test, vi } from 'vitest'
import { memcached, redis } from '../backends.js'
import { callersOf, type Herd, type Outcome, startHerd } from './herd.js'

const CLAIM = 3_000
const LOAD = 200
/** Memcached counts in whole seconds, so its adapter asks for one more. */
const COARSE = 1_000
/** How much later the refresh may be done on a machine that is busy; without another one it would never be. */
const TOLERANCE = 10_000

describe.each([redis, memcached])(
  'on $name, a process that is killed while it refreshes a stale value',
  backend => {
    let herd: Herd
    afterEach(() => herd?.kill())

    test('is replaced by one of the others, within the time of its claim; nobody waits for it', async () => {
      // The second load of the key, its first refresh, never ends.
      herd = await startHerd(backend, 4, {
        hanging: [2],
        loadTime: LOAD,
        options: { grace: '1h', claimTtl: CLAIM },
      })
      const { processes } = herd
      expect(await processes[0]?.crowd(['key'], { callers: 1, within: 0 }, 0)).toEqual([{ 'key #1': 1 }])
      await processes[0]?.expire('key')

      const [stale] = await herd.run(['key'], { callers: 250, within: 300 })
      expect(stale?.answers, await herd.troubles()).toEqual({ 'key #1': 1_000 })
      const refresher = await Promise.race(
        processes.map(async one => {
          await one.loading('key', 2)
          return one
        }),
      )
      const [meanwhile] = await herd.run(['key'], { callers: 250, within: 0 })
      const hanging = { key: 'key', loads: 2, ended: 0, atOnce: 0, answers: { 'key #1': 1_000 } }
      expect(meanwhile, await herd.troubles()).toEqual(hanging)

      await refresher.kill()
      const outcomes: Outcome[] = []
      await vi.waitFor(
        async () => {
          outcomes.push(...(await herd.run(['key'], { callers: 25, within: 0 })))
          expect(outcomes.at(-1)?.answers).toEqual({ 'key #3': 75 })
        },
        { timeout: CLAIM + COARSE + LOAD + TOLERANCE, interval: 20 },
      )
      const troubles = await herd.troubles()
      for (const { answers } of outcomes) {
        const { 'key #1': old = 0, 'key #3': refreshed = 0 } = answers
        expect([old + refreshed, callersOf(answers)], troubles).toEqual([75, 75])
      }
      expect(outcomes.at(-1)?.loads, troubles).toBe(3)
      expect(outcomes.reduce((total, { ended }) => total + ended, 0)).toBe(1)
      expect(processes.filter(one => one.waited('key'))).toEqual([])
    }, 60_000)
  },
)
