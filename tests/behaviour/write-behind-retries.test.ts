import { type WriteBehindContext, type WriteBehindOptions, writeBehind } from '@lookaside/core'
import { ManualClock } from '@lookaside/testing'
import { describe, expect, it, vi } from 'vitest'
import { memory } from '../backends.js'
import { RowDatabase } from '../writing/row-database.js'
import { gate } from './gate.js'
import { observedCache } from './observed-cache.js'
import { settled } from './settled.js'

function opened(options: Partial<WriteBehindOptions<unknown>> = {}, clock = new ManualClock()) {
  const observed = observedCache(memory, { clock })
  const database = new RowDatabase()
  const onFailure = vi.fn()
  const behind = writeBehind(observed.cache, { write: database.write, onFailure, ...options })
  return { ...observed, database, behind, onFailure }
}

const DOWN = new Error('connection refused')

/** When each write came, counted from the first. */
async function attemptsOf(
  options: Partial<WriteBehindOptions<unknown>>,
  clock: ManualClock,
): Promise<number[]> {
  const times: number[] = []
  const write = () => {
    times.push(clock.monotonic())
    throw DOWN
  }
  const { behind } = opened({ ...options, write }, clock)
  await behind.set('a', 1)
  const flushing = settled(behind.flush())
  while (!flushing()) await clock.advance(1_000)
  return times.map(time => time - (times[0] as number))
}

describe('A write that fails', () => {
  it('is tried ten times more, after pauses that double up to 10 seconds, the shorter half by chance', async () => {
    const longest = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]
    for (const random of [0, 0.5, 0.999_999]) {
      const pauses = longest.map(each => Math.ceil(each * (0.5 + random / 2)))
      const clock = new ManualClock({ random: () => random })
      const times = await attemptsOf({}, clock)
      expect(times.slice(1).map((time, index) => time - (times[index] as number))).toEqual(pauses)
    }
  })

  it('is tried as often as it says, and not at all where it says so', async () => {
    expect(await attemptsOf({ retries: 2 }, new ManualClock())).toEqual([0, 75, 225])
    expect(await attemptsOf({ retries: 0 }, new ManualClock())).toEqual([0])
  })

  it('is told which attempt it is', async () => {
    const attempts: number[] = []
    const write = (_: unknown, { attempt }: WriteBehindContext) => {
      attempts.push(attempt)
      if (attempt < 3) throw DOWN
    }
    const { behind, clock, onFailure } = opened({ write })
    await behind.set('a', 1)
    const flushing = behind.flush()
    await clock.advance(1_000)
    await flushing
    await behind.set('a', 2)
    const again = behind.flush()
    await clock.advance(1_000)
    await again
    expect(attempts).toEqual([1, 2, 3, 1, 2, 3])
    expect(onFailure).not.toHaveBeenCalled()
  })

  it('is tried until it succeeds, where it is told to', async () => {
    const { behind, clock, database } = opened({ retries: Number.POSITIVE_INFINITY })
    database.down = DOWN
    await behind.set('a', 1)
    const flushing = settled(behind.flush())
    await clock.advance(3_600_000)
    expect(flushing()).toBe(false)
    expect(database.writes.length).toBeGreaterThan(300)
    database.down = undefined
    await clock.advance(10_000)
    expect(flushing()).toBe(true)
    expect([...database.rows]).toEqual([['a', 1]])
  })

  it('is served as long as it is tried', async () => {
    const { behind, cache, clock, database } = opened({ unwrittenTtl: '1m' })
    database.down = DOWN
    await behind.set('a', 1)
    void behind.flush()
    await clock.advance(5_000)
    expect(await behind.get('a')).toBe(1)
    expect(await cache.get('a')).toBe(1)
  })

  it('writes what was set meanwhile in its place, and does not go on with the old value', async () => {
    const { behind, clock, database } = opened({ delay: 1_000 })
    database.down = DOWN
    await behind.set('a', 1)
    await behind.set('b', 1)
    await clock.advance(1_000)
    await behind.set('a', 2)
    await clock.advance(75)
    database.down = undefined
    await clock.advance(2_000)
    expect(database.writes).toEqual(['1: a=1 b=1', '2: b=1', '3: b=1', '1: a=2'])
    expect(Object.fromEntries(database.rows)).toEqual({ a: 2, b: 1 })
  })

  it('writes what was set while it was being written in its place', async () => {
    const { behind, clock, database } = opened({ delay: 100 })
    const writing = gate()
    database.held = writing.passed
    database.down = DOWN
    await behind.set('a', 1)
    await clock.advance(100)
    await behind.set('a', 2)
    writing.open()
    await clock.advance(0)
    database.down = undefined
    await clock.advance(2_000)
    expect(database.writes).toEqual(['1: a=1', '1: a=2'])
    expect([...database.rows]).toEqual([['a', 2]])
  })

  it('that a newer value replaces is not flushed before that one is written', async () => {
    const { behind, clock, database } = opened()
    database.down = DOWN
    await behind.set('a', 1)
    const flushing = settled(behind.flush())
    await clock.advance(0)
    await behind.set('a', 2)
    await clock.advance(500)
    expect([flushing(), behind.pending]).toEqual([false, 1])
    database.down = undefined
    await clock.advance(2_000)
    expect(flushing()).toBe(true)
    expect([...database.rows]).toEqual([['a', 2]])
  })

  it('does not hold up what is new', async () => {
    const { behind, clock, database } = opened({ batch: 1, retries: 2, delay: 0 })
    database.poisonous.add('a')
    for (const key of ['a', 'b', 'c']) await behind.set(key, 1)
    await clock.advance(50)
    expect(database.writes).toEqual(['1: a=1', '1: b=1', '1: c=1'])
    await clock.advance(1_000)
    expect(database.writes.slice(3)).toEqual(['2: a=1', '3: a=1'])
  })

  it('is tried again though there is always something new', async () => {
    const clock = new ManualClock()
    const database = new RowDatabase()
    const { behind } = opened(
      {
        delay: 10,
        async write(entries, context) {
          await clock.sleep(200)
          return database.write(entries, context)
        },
      },
      clock,
    )
    database.refused.add('a')
    await behind.set('a', 1)
    for (let round = 0; round < 100; round++) {
      await behind.set(`k${round % 5}`, round)
      await clock.advance(50)
      if (database.writes.length > 0) database.refused.clear()
    }
    expect(database.rows.get('a')).toBe(1)
  })

  it('is given up after its writeTimeout, and told so by its signal', async () => {
    const signals: AbortSignal[] = []
    const write = (_: unknown, { signal }: WriteBehindContext) => {
      signals.push(signal)
      return signals.length === 1 ? new Promise(() => {}) : undefined
    }
    const { behind, clock } = opened({ write, writeTimeout: 2_000 })
    await behind.set('a', 1)
    const flushing = settled(behind.flush())
    await clock.advance(1_999)
    expect(signals.map(({ aborted }) => aborted)).toEqual([false])
    await clock.advance(1)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    await clock.advance(100)
    expect(flushing()).toBe(true)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false])
    expect(clock.pending).toBe(0)
  })

  it('has 30 seconds by default', async () => {
    const failures: unknown[] = []
    const { behind, clock } = opened({
      retries: 0,
      write: () => new Promise(() => {}),
      onFailure: ({ error }) => failures.push(error),
    })
    await behind.set('a', 1)
    void behind.flush()
    await clock.advance(29_999)
    expect(failures).toEqual([])
    await clock.advance(1)
    expect(failures).toEqual([
      new Error(
        'the write took longer than its writeTimeout of 30000 ms; hand the signal on to the database, or raise writeTimeout',
      ),
    ])
  })

  it('is the last one of what is deleted while it is tried', async () => {
    const { behind, cache, clock, database } = opened({ delay: 0 })
    const writing = gate()
    database.held = writing.passed
    database.down = DOWN
    await behind.set('a', 1)
    await clock.advance(1)
    const deleting = behind.delete('a')
    writing.open()
    expect(await deleting).toBe(true)
    database.down = undefined
    await clock.advance(100_000)
    expect(database.writes).toEqual(['1: a=1'])
    expect(behind.pending).toBe(0)
    expect(await cache.get('a')).toBeUndefined()
  })

  it('does not have a delete forget what is set after it', async () => {
    const { behind, clock, database } = opened({ delay: 0 })
    const writing = gate()
    database.held = writing.passed
    database.down = DOWN
    await behind.set('a', 1)
    await clock.advance(1)
    const deleting = behind.delete('a')
    await behind.set('a', 2)
    writing.open()
    await deleting
    database.down = undefined
    expect(await behind.get('a')).toBe(2)
    await clock.advance(1_000)
    expect([...database.rows]).toEqual([['a', 2]])
  })

  it('between two attempts is forgotten by a delete at once', async () => {
    const { behind, clock, database } = opened({ delay: 0 })
    database.down = DOWN
    await behind.set('a', 1)
    await clock.advance(1)
    expect(await behind.delete('a')).toBe(true)
    await clock.advance(100_000)
    expect(database.writes).toEqual(['1: a=1'])
  })
})
