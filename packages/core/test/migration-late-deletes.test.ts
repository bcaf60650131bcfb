import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../src/clock.js'
import { LateDeletes } from '../src/migration/late-deletes.js'

/** A clock whose timers fire when the test says so, and that tells how long they were to take. */
function stepClock() {
  const pauses: number[] = []
  let next = () => {}
  const clock: Clock = {
    ...systemClock,
    timer(ms, callback) {
      pauses.push(ms)
      next = callback
      return () => {
        next = () => {}
      }
    },
    sleep: () => new Promise(() => {}),
  }
  return {
    clock,
    pauses,
    async step() {
      next()
      for (let turn = 0; turn < 4; turn++) await setImmediate()
    },
  }
}

test('What is not taken is sent again, after pauses that double up to a second', async () => {
  const { clock, pauses, step } = stepClock()
  const late = new LateDeletes(clock, () => Promise.reject(new Error('down')))
  late.add(['a'])
  for (let round = 0; round < 6; round++) await step()
  expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000, 1_000])
  expect(late.has('a')).toBe(true)
})

test('What is taken is out of line, and the next pause is a short one again', async () => {
  const { clock, pauses, step } = stepClock()
  let down = true
  const sent: string[] = []
  const late = new LateDeletes(clock, async key => {
    if (down) throw new Error('down')
    sent.push(key)
  })
  late.add(['a', 'b'])
  await step()
  down = false
  await step()
  expect(sent.sort()).toEqual(['a', 'b'])
  expect([late.has('a'), late.has('b')]).toEqual([false, false])
  late.add(['c'])
  expect(pauses).toEqual([100, 200, 100])
})

test('What is added once more while it is sent stays in line', async () => {
  const { clock, step } = stepClock()
  const late: LateDeletes = new LateDeletes(clock, async key => late.add([key]))
  late.add(['a'])
  await step()
  expect(late.has('a')).toBe(true)
})

test('One round ends when the store has failed often enough; others had their turn first', async () => {
  const { clock, step } = stepClock()
  let calls = 0
  const late = new LateDeletes(clock, async key => {
    calls++
    if (key.startsWith('down')) throw new Error('down')
  })
  late.add([...Array.from({ length: 200 }, (_, index) => `down ${index}`), 'up'])
  await step()
  expect(calls).toBeLessThan(100)
  for (let round = 0; round < 8; round++) await step()
  expect(late.has('up')).toBe(false)
})

test('More than 10,000 are not kept, which it tells', async () => {
  const { clock } = stepClock()
  const late = new LateDeletes(clock, async () => {})
  late.add(Array.from({ length: 10_000 }, (_, index) => `${index}`))
  late.add(['0'])
  expect(late.overflowed).toBe(false)
  late.add(['one more'])
  expect(late.overflowed).toBe(true)
  expect(late.has('one more')).toBe(false)
  expect(late.has('9999')).toBe(true)
})

test('Closing sends what is in line once more, and nothing after that', async () => {
  const { clock, pauses } = stepClock()
  const sent: string[] = []
  const late = new LateDeletes(clock, async key => {
    sent.push(key)
    throw new Error('down')
  })
  late.add(['a'])
  await late.close()
  late.add(['b'])
  expect(sent).toEqual(['a'])
  expect(pauses).toEqual([100])
})
