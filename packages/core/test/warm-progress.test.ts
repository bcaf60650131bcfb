import { afterEach, expect, test, vi } from 'vitest'
import type { Clock } from '../src/clock.js'
import { systemClock } from '../src/clock.js'
import { checkWarmOptions } from '../src/warming/warm-options.js'
import { type WarmOutcome, type WarmProgress, WarmReport } from '../src/warming/warm-progress.js'

const SECOND = 1_000

interface Reporting {
  readonly report: WarmReport
  readonly told: WarmProgress[]
  readonly timers: () => number
  /** Lets time pass, with so many items of an outcome in each second. */
  pass(seconds: number, each?: number, outcome?: WarmOutcome): void
}

/** A report each second, by a clock that the test moves. */
function reporting(total?: number, onProgress?: (progress: WarmProgress) => unknown): Reporting {
  let now = 0
  const timers = new Map<() => void, number>()
  const clock: Clock = {
    ...systemClock,
    monotonic: () => now,
    timer(ms, callback) {
      const own = () => callback()
      timers.set(own, now + ms)
      return () => void timers.delete(own)
    },
  }
  const told: WarmProgress[] = []
  const tell = onProgress ?? (progress => void told.push(progress))
  const options = { key: String, load: () => 1, clock, onProgress: tell as (progress: WarmProgress) => void }
  const report = new WarmReport(checkWarmOptions(options), total)
  return {
    report,
    told,
    timers: () => timers.size,
    pass(seconds, each = 0, outcome = 'loaded') {
      for (let second = 0; second < seconds; second++) {
        for (let item = 0; item < each; item++) report.count(outcome)
        now += SECOND
        for (const [fire, due] of timers) {
          if (due > now) continue
          timers.delete(fire)
          fire()
        }
      }
    },
  }
}

afterEach(() => vi.restoreAllMocks())

test('progress is told each second, with what is done, the rate and the time left', () => {
  const { told, pass } = reporting(100)
  pass(1, 10)
  pass(1, 20, 'skipped')
  pass(1, 3, 'failed')
  expect(told).toEqual([
    { done: 10, loaded: 10, skipped: 0, failed: 0, total: 100, rate: 10, left: 9_000 },
    { done: 30, loaded: 10, skipped: 20, failed: 0, total: 100, rate: 15, left: 4_667 },
    { done: 33, loaded: 10, skipped: 20, failed: 3, total: 100, rate: 11, left: 6_091 },
  ])
})

test('the rate is that of the last ten seconds', () => {
  const { told, pass } = reporting(10_000)
  pass(30, 100, 'skipped')
  expect(told.at(-1)?.rate).toBe(100)
  pass(5, 10)
  expect(told.at(-1)?.rate).toBe(55)
  pass(5, 10)
  expect(told.at(-1)).toMatchObject({ rate: 10, left: 690_000 })
})

test('nobody knows the time left without a total, nor while nothing gets done', () => {
  const without = reporting()
  without.pass(1, 10)
  expect(without.told.at(-1)).toMatchObject({ total: undefined, rate: 10, left: undefined })
  const standing = reporting(100)
  standing.pass(1, 10)
  standing.pass(10)
  expect(standing.told.at(-1)).toMatchObject({ done: 10, rate: 0, left: undefined })
})

test('nothing is left where the total was a guess, and too low', () => {
  const { told, pass } = reporting(5)
  pass(1, 10)
  expect(told.at(-1)).toMatchObject({ done: 10, total: 5, left: 0 })
})

test('it ends with what it has come to, and leaves no timer', () => {
  const { report, told, pass, timers } = reporting(5)
  pass(2, 2)
  report.count('failed')
  expect(report.end()).toEqual({ done: 5, loaded: 4, skipped: 0, failed: 1, elapsed: 2_000 })
  expect(told).toHaveLength(3)
  expect(told.at(-1)).toMatchObject({ done: 5, failed: 1, left: 0 })
  expect(timers()).toBe(0)
})

test.each([
  ['throws', () => fail()],
  ['rejects', async () => fail()],
])('a display that %s stops nothing: each time there is a process warning', async (_, display) => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const { report, pass } = reporting(5, display)
  pass(2, 1)
  expect(report.end()).toMatchObject({ done: 2 })
  await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(3))
  expect(warn.mock.calls[0]).toEqual([
    expect.stringContaining('onProgress of warm threw: Error: no terminal'),
    { type: 'LookasideListenerWarning' },
  ])
})

function fail(): never {
  throw new Error('no terminal')
}
