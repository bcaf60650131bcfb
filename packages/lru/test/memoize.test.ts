import { ManualClock } from '@lookaside/testing'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { memoize } from '../src/index.js'

describe('a memoized function', () => {
  it('runs once for the same argument, and returns the very result', () => {
    const rows = vi.fn((id: number) => ({ id }))
    const memoized = memoize(rows)
    const first = memoized(1)
    expect(memoized(1)).toBe(first)
    expect(memoized(2)).toEqual({ id: 2 })
    expect(rows.mock.calls).toEqual([[1], [2]])
  })

  it.each([undefined, null, 0, '', false, Number.NaN])('remembers %s like any other result', result => {
    const fn = vi.fn(() => result)
    const memoized = memoize(fn)
    expect([memoized(), memoized()]).toEqual([result, result])
    expect(fn).toHaveBeenCalledTimes(1)
  })

  it('passes on what the function throws, and runs it again', () => {
    const refusal = new Error('not yet')
    let calls = 0
    const memoized = memoize((n: number) => {
      if (++calls === 1) throw refusal
      return n
    })
    expect(() => memoized(1)).toThrow(refusal)
    expect([memoized(1), memoized(1)]).toEqual([1, 1])
    expect(calls).toBe(2)
    expect(memoized.info()).toMatchObject({ hits: 1, misses: 2, size: 1 })
  })

  it('may call itself', () => {
    const fibonacci = memoize((n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2)))
    expect(fibonacci(78)).toBe(8_944_394_323_791_464)
    expect(fibonacci.info()).toEqual({ hits: 76, misses: 79, size: 79, maxEntries: 1_000 })
  })

  it.each([1, 2, 3])('may call itself with several arguments and room for %i results', maxEntries => {
    const paths = memoize(
      (down: number, right: number): number =>
        down === 0 || right === 0 ? 1 : paths(down - 1, right) + paths(down, right - 1),
      { maxEntries },
    )
    expect(paths(6, 6)).toBe(924)
    expect(paths.info().size).toBe(maxEntries)
    const { hits } = paths.info()
    expect(paths(6, 6)).toBe(924)
    expect(paths.info().hits).toBe(hits + 1)
  })

  it('remembers a result that comes in the place of an expired one, which its own calls have dropped', async () => {
    const clock = new ManualClock()
    const sum = memoize((a: number, b: number): number => (a === 0 ? b : 1 + sum(a - 1, b)), {
      maxEntries: 1,
      ttl: '1s',
      clock,
    })
    sum(1, 1)
    await clock.advance(1_000)
    expect([sum(1, 1), sum(1, 1)]).toEqual([2, 2])
    expect(sum.info()).toMatchObject({ hits: 1, misses: 4, size: 1 })
  })

  it('is called with its this, and shares results between the objects that have it', () => {
    const price = { rate: 2, of: memoize(times) }
    function times(this: { rate: number }, n: number) {
      return this.rate * n
    }
    expect(price.of(21)).toBe(42)
    expect(price.of.call({ rate: 3 }, 21)).toBe(42)
    expect(price.of.call({ rate: 3 }, 1)).toBe(3)
  })

  it('has the name and the length of the function, and the function itself', () => {
    const area = (width: number, height: number) => width * height
    const memoized = memoize(area)
    expect([memoized.name, memoized.length]).toEqual(['area', 2])
    expect(memoized.original).toBe(area)
    memoized.original(1, 2)
    expect(memoized.info()).toMatchObject({ misses: 0, size: 0 })
  })

  it('has the type of the function', () => {
    const first = memoize(<T>(list: readonly T[], otherwise: T): T => list[0] ?? otherwise)
    expectTypeOf(first([1], 2)).toEqualTypeOf<number>()
    expectTypeOf(first.original(['a'], 'b')).toEqualTypeOf<string>()
    const square = memoize((n: number) => n * n, { key: n => expectTypeOf(n).toBeNumber() })
    expectTypeOf(square).parameters.toEqualTypeOf<[number]>()
    expectTypeOf(square.delete).parameters.toEqualTypeOf<[number]>()
    // @ts-expect-error a number is asked for
    expect(square('3')).toBe(9)
  })
})

describe('the memory of a memoized function', () => {
  it('counts hits and misses, and starts again when it is cleared', () => {
    const memoized = memoize((n: number) => n, { maxEntries: 5 })
    for (const n of [1, 2, 1, 1]) memoized(n)
    expect(memoized.info()).toEqual({ hits: 2, misses: 2, size: 2, maxEntries: 5 })
    memoized.clear()
    expect(memoized.info()).toEqual({ hits: 0, misses: 0, size: 0, maxEntries: 5 })
    memoized(1)
    expect(memoized.info()).toEqual({ hits: 0, misses: 1, size: 1, maxEntries: 5 })
  })

  it('deletes the result for some arguments, and tells whether there was one', () => {
    const sum = vi.fn((a: number, b: number) => a + b)
    const memoized = memoize(sum)
    memoized(1, 2)
    memoized(1, 3)
    expect([memoized.delete(1, 2), memoized.delete(1, 2), memoized.delete(2, 1)]).toEqual([
      true,
      false,
      false,
    ])
    expect(memoized.info()).toMatchObject({ hits: 0, misses: 2, size: 1 })
    expect([memoized(1, 3), memoized(1, 2)]).toEqual([4, 3])
    expect(sum).toHaveBeenCalledTimes(3)
  })

  it('drops the result that was used longest ago', () => {
    const memoized = memoize((n: number) => n, { maxEntries: 2 })
    for (const n of [1, 2, 1, 3]) memoized(n)
    expect(memoized.info().size).toBe(2)
    expect([memoized.delete(2), memoized.delete(1), memoized.delete(3)]).toEqual([false, true, true])
  })

  it('holds 1,000 results unless told otherwise', () => {
    const memoized = memoize((n: number) => n)
    for (let n = 0; n <= 1_000; n++) memoized(n)
    expect(memoized.info()).toMatchObject({ size: 1_000, maxEntries: 1_000 })
    expect([memoized.delete(0), memoized.delete(1)]).toEqual([false, true])
  })

  it.each(['clear', 'delete'] as const)(
    'does not take in a result that was being made when it was told to %s',
    how => {
      let rate = 1
      const price = memoize((n: number) => {
        const before = rate
        if (rate === 1) {
          rate = 2
          how === 'clear' ? price.clear() : price.delete(n)
        }
        return before * n
      })
      expect([price(10), price(10), price(10)]).toEqual([10, 20, 20])
    },
  )

  it('keeps a result for its ttl and no longer, counted from the end of its call', async () => {
    const clock = new ManualClock()
    let calls = 0
    const memoized = memoize((n: number) => n + ++calls, { ttl: '1s', clock })
    expect(memoized(10)).toBe(11)
    await clock.advance(999)
    expect(memoized(10)).toBe(11)
    await clock.advance(1)
    expect(memoized.info().size).toBe(1)
    expect([memoized(10), memoized(10)]).toEqual([12, 12])
    expect(memoized.info()).toMatchObject({ hits: 2, misses: 2, size: 1 })
    await clock.advance(1_000)
    expect(memoized.delete(10)).toBe(false)
    expect(memoized.info().size).toBe(0)
  })

  it('is not moved by a wall clock that jumps', () => {
    const clock = new ManualClock()
    const memoized = memoize((n: number) => n, { ttl: '1s', clock })
    memoized(1)
    clock.set(clock.now() + 3_600_000)
    memoized(1)
    expect(memoized.info().hits).toBe(1)
  })

  it('keeps a result for good without a ttl', async () => {
    const clock = new ManualClock()
    const memoized = memoize((n: number) => n, { clock })
    memoized(1)
    await clock.advance(3_650 * 86_400_000)
    memoized(1)
    expect(memoized.info().hits).toBe(1)
  })
})
