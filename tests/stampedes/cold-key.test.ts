import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { memcached, redis } from '../backends.js'
import { callersOf, type Herd, startHerd } from './herd.js'

const PROCESSES = 4
const CALLERS = 250
const KEYS = 100
/** So many keys are asked for at a time. */
const TOGETHER = 5
/** Each batch of keys takes half a second where the machine has nothing else to do. */
const TIMEOUT = 300_000

/** How the callers of a key arrive; a load takes 200 ms. `herd`: so many loads there are at least without a guard. */
const ARRIVALS = [
  // No process stores a value before all callers of the first one have missed.
  { how: 'at once', within: 0, herd: CALLERS },
  { how: 'before, during and after the load', within: 300, herd: PROCESSES + 1 },
]

/** Keys that nobody has asked for. */
function* batches(within: number): Generator<string[]> {
  for (let first = 0; first < KEYS; first += TOGETHER) {
    yield Array.from({ length: TOGETHER }, (_, index) => `within-${within}-${first + index}`)
  }
}

describe.each([redis, memcached])(
  `on $name, ${PROCESSES} processes with ${CALLERS} callers each, for a key that is not there`,
  backend => {
    let guarded: Herd
    let bare: Herd
    beforeAll(async () => {
      guarded = await startHerd(backend, PROCESSES)
      bare = await startHerd(backend, PROCESSES, { guarded: false })
    }, TIMEOUT)
    afterAll(() => Promise.all([guarded?.kill(), bare?.kill()]))

    describe.each(ARRIVALS)('who come $how', ({ within, herd }) => {
      test(
        `load it once with stampedeGuard(), and all get the value: ${KEYS} keys`,
        async () => {
          for (const keys of batches(within)) {
            const outcomes = await guarded.run(keys, { callers: CALLERS, within })
            const expected = keys.map(key => ({
              key,
              loads: 1,
              ended: 1,
              atOnce: 1,
              answers: { [`${key} #1`]: PROCESSES * CALLERS },
            }))
            expect(outcomes, await guarded.troubles()).toEqual(expected)
          }
        },
        TIMEOUT,
      )

      test(
        'are a herd without a guard',
        async () => {
          const [outcome] = await bare.run([`within-${within}`], { callers: CALLERS, within })
          expect(outcome?.loads).toBeGreaterThanOrEqual(herd)
          expect(outcome?.ended).toBe(outcome?.loads)
          expect(outcome?.atOnce).toBeGreaterThan(1)
          expect(callersOf(outcome?.answers)).toBe(PROCESSES * CALLERS)
        },
        TIMEOUT,
      )
    })
  },
)

describe(`${PROCESSES} processes with 50 callers each, for a key that is not there`, () => {
  // They mostly wait: side by side.
  test.concurrent.each([redis, memcached])(
    'load it once on $name although that takes longer than a claim lasts',
    async backend => {
      const herd = await startHerd(backend, PROCESSES, { loadTime: 7_000, options: { claimTtl: '3s' } })
      try {
        // memcached keeps a claim of 3 s for up to 4 s.
        const [outcome] = await herd.run(['key'], { callers: 50, within: 300 })
        expect(outcome, await herd.troubles()).toEqual({
          key: 'key',
          loads: 1,
          ended: 1,
          atOnce: 1,
          answers: { 'key #1': PROCESSES * 50 },
        })
      } finally {
        await herd.kill()
      }
    },
    TIMEOUT,
  )
})
