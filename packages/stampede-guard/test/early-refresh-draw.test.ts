import type { GuardSettings } from '@lookaside/core'
import { describe, expect, it, vi } from 'vitest'
import { earlyRefresh } from '../src/index.js'

/** The largest number that `random` can return: 1 minus the last of 53 bits. */
const LARGEST = 1 - 2 ** -53

describe('The draw of earlyRefresh', () => {
  const now = Date.UTC(2030, 0, 1)
  const unset: GuardSettings = { get: () => undefined }
  const beta = (value: number): GuardSettings => ({ get: <T>() => value as T })

  /** Whether a value `left` ms before expiry is refreshed, and how many random numbers that took. */
  function asked(left: number, { loadTime = 1_000, next = 0.5, own = 1, settings = unset } = {}) {
    const random = vi.fn(() => next)
    const entry = {
      createdAt: now - 60_000,
      loadTime,
      staleAt: now + left,
      deleteAt: now + left + 60_000,
      schemaVersion: 0,
    }
    const refreshes = earlyRefresh({ beta: own }).shouldRefresh?.(entry, now, random, settings)
    return { refreshes, draws: random.mock.calls.length }
  }

  // loadTime * beta * -ln(1 - random), which expiry must be no further away than.
  it.each([
    { next: 0.5, loadTime: 1_000, own: 1, last: 693 },
    { next: 0.9, loadTime: 1_000, own: 1, last: 2_302 },
    { next: 0.99, loadTime: 1_000, own: 1, last: 4_605 },
    { next: 0.9, loadTime: 1_000, own: 3, last: 6_907 },
    { next: 0.9, loadTime: 1_000, own: 0.5, last: 1_151 },
    { next: 0.9, loadTime: 10, own: 1, last: 23 },
    { next: LARGEST, loadTime: 1_000, own: 1, last: 36_736 },
  ])(
    'of $next after a load of $loadTime ms with beta $own refreshes from $last ms before expiry on',
    ({ next, loadTime, own, last }) => {
      expect(asked(last, { next, loadTime, own })).toEqual({ refreshes: true, draws: 1 })
      expect(asked(last + 1, { next, loadTime, own }).refreshes).toBe(false)
      expect(asked(1, { next, loadTime, own })).toEqual({ refreshes: true, draws: 1 })
    },
  )

  it('of 0 does not refresh even in the last millisecond', () => {
    expect(asked(1, { next: 0 })).toEqual({ refreshes: false, draws: 1 })
  })

  it('is not made where not even the largest could reach expiry', () => {
    expect(asked(36_736, { next: 0 })).toEqual({ refreshes: false, draws: 1 })
    expect(asked(36_737, { next: LARGEST })).toEqual({ refreshes: false, draws: 0 })
    expect(asked(3 * 36_737, { next: LARGEST, own: 3 }).draws).toBe(0)
    expect(asked(3 * 36_736, { next: LARGEST, own: 3 })).toEqual({ refreshes: true, draws: 1 })
  })

  it('is not made with beta 0, nor for a value whose load took no time', () => {
    expect(asked(1, { next: LARGEST, own: 0 })).toEqual({ refreshes: false, draws: 0 })
    expect(asked(1, { next: LARGEST, settings: beta(0) })).toEqual({ refreshes: false, draws: 0 })
    expect(asked(1, { next: LARGEST, loadTime: 0 })).toEqual({ refreshes: false, draws: 0 })
  })

  it('goes by the beta of the call rather than by the guard’s', () => {
    expect(asked(2_079, { settings: beta(3) })).toEqual({ refreshes: true, draws: 1 })
    expect(asked(2_080, { settings: beta(3) }).refreshes).toBe(false)
    expect(asked(693, { own: 3, settings: beta(1) }).refreshes).toBe(true)
    expect(asked(694, { own: 3, settings: beta(1) }).refreshes).toBe(false)
    expect(asked(1, { next: LARGEST, own: 0, settings: beta(1) }).refreshes).toBe(true)
  })
})
