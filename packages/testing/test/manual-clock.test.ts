import { setImmediate } from 'node:timers/promises'
import { ManualClock } from '@lookaside/testing'
import { expect, test } from 'vitest'

test('a manual clock stands still until it is advanced', async () => {
  const clock = new ManualClock({ now: 1_000 })
  expect([clock.now(), clock.monotonic()]).toEqual([1_000, 0])
  await clock.advance(250)
  expect([clock.now(), clock.monotonic()]).toEqual([1_250, 250])
})

test('a manual clock starts at a fixed date and draws 0.5 by default', () => {
  const clock = new ManualClock()
  expect(new Date(clock.now()).toISOString()).toBe('2030-01-01T00:00:00.000Z')
  expect(clock.random()).toBe(0.5)
})

test('a manual clock draws from the function given', () => {
  const draws = [0.1, 0.9]
  const clock = new ManualClock({ random: () => draws.shift() ?? 0 })
  expect([clock.random(), clock.random(), clock.random()]).toEqual([0.1, 0.9, 0])
})

test('timers fire in the order of their instants, each at its own', async () => {
  const clock = new ManualClock({ now: 0 })
  const fired: [string, number][] = []
  const note = (name: string) => () => void fired.push([name, clock.now()])
  clock.timer(300, note('third'))
  clock.timer(100, note('first'))
  clock.timer(200, note('second'))
  clock.timer(200, note('second, set later'))
  clock.timer(501, note('not yet'))
  await clock.advance(500)
  expect(fired).toEqual([
    ['first', 100],
    ['second', 200],
    ['second, set later', 200],
    ['third', 300],
  ])
  expect(clock.now()).toBe(500)
  expect(clock.pending).toBe(1)
})

test('a timer that was called off does not fire and is not pending', async () => {
  const clock = new ManualClock()
  let fired = 0
  const cancel = clock.timer(100, () => fired++)
  expect(clock.pending).toBe(1)
  cancel()
  expect(clock.pending).toBe(0)
  await clock.advance(1_000)
  cancel()
  expect(fired).toBe(0)
})

test('a timer of less than a millisecond takes one', async () => {
  const clock = new ManualClock({ now: 0 })
  const fired: number[] = []
  for (const ms of [0, -5, 0.2, Number.NaN]) clock.timer(ms, () => void fired.push(clock.now()))
  await clock.advance(0)
  expect(fired).toEqual([])
  await clock.advance(1)
  expect(fired).toEqual([1, 1, 1, 1])
})

test('code that a timer wakes may set further timers that are due in the same advance', async () => {
  const clock = new ManualClock({ now: 0 })
  const woken: number[] = []
  async function loop() {
    for (let round = 0; round < 3; round++) {
      await clock.sleep(100)
      await setImmediate()
      woken.push(clock.now())
    }
  }
  const done = loop()
  await clock.advance(350)
  await done
  expect(woken).toEqual([100, 200, 300])
})

test('timers that code sets before its first turn count from before the advance', async () => {
  const clock = new ManualClock({ now: 0 })
  let woken: number | undefined
  void Promise.resolve()
    .then(() => clock.sleep(100))
    .then(() => {
      woken = clock.now()
    })
  await clock.advance(100)
  expect(woken).toBe(100)
})

test('a sleep rejects with the reason of its signal and leaves no timer', async () => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const nap = clock.sleep(1_000, controller.signal)
  controller.abort(new Error('enough'))
  await expect(nap).rejects.toThrow('enough')
  expect(clock.pending).toBe(0)
})

test('a jump of the wall clock fires nothing and leaves monotonic time alone', async () => {
  const clock = new ManualClock({ now: 10_000 })
  let fired = 0
  clock.timer(100, () => fired++)
  await clock.advance(50)
  clock.set(99_000)
  expect([clock.now(), clock.monotonic(), fired]).toEqual([99_000, 50, 0])
  clock.set(5)
  await clock.advance(50)
  expect([clock.now(), clock.monotonic(), fired]).toEqual([55, 100, 1])
})

test('advances that overlap run one after another', async () => {
  const clock = new ManualClock({ now: 0 })
  const fired: number[] = []
  clock.timer(150, () => void fired.push(clock.now()))
  await Promise.all([clock.advance(100), clock.advance(100)])
  expect(fired).toEqual([150])
  expect(clock.now()).toBe(200)
})

test('an advance rejects with what a callback throws, and the next one goes on', async () => {
  const clock = new ManualClock({ now: 0 })
  let fired = 0
  clock.timer(100, () => {
    throw new Error('from the callback')
  })
  clock.timer(100, () => fired++)
  await expect(clock.advance(200)).rejects.toThrow('from the callback')
  await clock.advance(0)
  expect(fired).toBe(1)
})

test('an advance by anything but 0 or more milliseconds is refused', async () => {
  const clock = new ManualClock({ now: 0 })
  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    await expect(clock.advance(ms)).rejects.toMatchObject({ code: 'ERR_CACHE_DURATION' })
  }
  expect(clock.now()).toBe(0)
})

test('the readings of a manual clock may be passed on unbound', async () => {
  const { now, monotonic, timer, sleep, random } = new ManualClock({ now: 7 })
  expect([now(), monotonic(), random()]).toEqual([7, 0, 0.5])
  timer(10, () => {})()
  const controller = new AbortController()
  const nap = sleep(10, controller.signal)
  controller.abort('off')
  await expect(nap).rejects.toBe('off')
})
