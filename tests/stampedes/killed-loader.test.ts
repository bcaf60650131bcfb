import { afterEach, describe, expect, test } from 'vitest'
import { memcached, newPrefix, redis } from '../backends.js'
import { type CrowdProcess, crowdProcess } from './crowd-process.js'
import { type Herd, herdOf, startHerd } from './herd.js'

const CLAIM = 3_000
const LOAD = 200
/** Memcached counts in whole seconds, so its adapter asks for one more. */
const COARSE = 1_000
/** How much later the last caller may be served on a machine that is busy. */
const TOLERANCE = 5_000
/** By then all have been served; who waits in vain loads for itself, and later: after the 10 s of `claimed`. */
const LIMIT = CLAIM + COARSE + LOAD + TOLERANCE

const TIMEOUT = 60_000

/** A load with the number 1 never ends: whose it is gets killed. */
const options = { hanging: [1], loadTime: LOAD, options: { claimTtl: CLAIM } }

describe.each([redis, memcached])('on $name, a process that is killed while it loads', backend => {
  let herd: Herd
  afterEach(() => herd?.kill())

  test(
    'is replaced by one of the others, within the time of its claim',
    async () => {
      herd = await startHerd(backend, 4, options)
      const { processes } = herd
      const running = herd.run(['key'], { callers: 250, within: 300 })
      const winner = await Promise.race(processes.map(one => loading(one, 'key')))
      await Promise.all(processes.filter(one => one !== winner).map(one => one.waiting('key')))
      const killed = performance.now()
      await winner.kill()

      const [outcome] = await running
      const took = performance.now() - killed
      expect(outcome, await herd.troubles()).toEqual({
        key: 'key',
        loads: 2,
        ended: 1,
        atOnce: 1,
        answers: { 'key #2': 3 * 250 },
      })
      expect(took).toBeLessThan(LIMIT)
    },
    TIMEOUT,
  )

  test(
    'is replaced by one of the others for each of its keys',
    async () => {
      const keys = Array.from({ length: 10 }, (_, index) => `key-${index}`)
      const prefix = newPrefix()
      const mortal = await crowdProcess(backend, { prefix, guarded: true, ...options })
      herd = herdOf([mortal])
      const survivors = await startHerd(backend, 3, { prefix, ...options })
      herd = herdOf([mortal, ...survivors.processes])
      const crowd = { callers: 25, within: 0 }
      const lost = mortal.crowd(keys, crowd, 0)
      await Promise.all(keys.map(key => mortal.loading(key, 1)))
      const running = survivors.run(keys, crowd)
      await Promise.all(survivors.processes.flatMap(one => keys.map(key => one.waiting(key))))
      const killed = performance.now()
      await mortal.kill()

      const outcomes = await running
      const took = performance.now() - killed
      const expected = keys.map(key => ({
        key,
        loads: 2,
        ended: 1,
        atOnce: 1,
        answers: { [`${key} #2`]: 3 * 25 },
      }))
      expect(outcomes, await herd.troubles()).toEqual(expected)
      expect(took).toBeLessThan(LIMIT)
      expect(await lost).toEqual([])
    },
    TIMEOUT,
  )
})

async function loading(one: CrowdProcess, key: string): Promise<CrowdProcess> {
  await one.loading(key, 1)
  return one
}
