import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LocalEntry, type LocalEntryInit } from '../src/tiers/local-entry.js'

const NEVER = Number.POSITIVE_INFINITY
const now = Date.now()

/** Whole milliseconds: lately, at the beginning of a manual clock, far away. */
const instant = fc.oneof(
  fc.integer({ min: -100_000, max: 100_000 }).map(offset => now + offset),
  fc.nat(1_000_000),
  fc.constantFrom(0, 8.64e15, 2 ** 52),
)
const span = fc.oneof(fc.nat(1_000_000), fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31, 2 ** 40, NEVER))

const init: fc.Arbitrary<LocalEntryInit> = fc
  .record({ createdAt: instant, fresh: span, grace: span, loadTime: fc.nat(), schemaVersion: fc.nat() })
  .map(({ createdAt, fresh, grace, loadTime, schemaVersion }) => ({
    value: {},
    createdAt,
    loadTime,
    staleAt: createdAt + fresh,
    deleteAt: createdAt + fresh + grace,
    schemaVersion,
    schema: undefined,
    checkable: schemaVersion % 2 === 0,
    tags: undefined,
    trustedUntil: NEVER,
  }))

test('an entry has the instants that it was made from, to the millisecond', () => {
  fc.assert(
    fc.property(init, made => {
      const { createdAt, staleAt, deleteAt, loadTime, schemaVersion, checkable } = new LocalEntry(made)
      expect({ createdAt, staleAt, deleteAt, loadTime, schemaVersion, checkable }).toEqual({
        createdAt: made.createdAt,
        staleAt: made.staleAt,
        deleteAt: made.deleteAt,
        loadTime: made.loadTime,
        schemaVersion: made.schemaVersion,
        checkable: made.checkable,
      })
    }),
  )
})

test('the instants of a clock that counts fractions are rounded by less than a hundredth of a millisecond', () => {
  const fraction = fc.double({ min: 0, max: 1e7, noNaN: true })
  fc.assert(
    fc.property(init, fraction, (made, createdAt) => {
      const [staleAt, deleteAt] = [createdAt + 1_000, createdAt + 2_000]
      const entry = new LocalEntry({ ...made, createdAt, staleAt, deleteAt })
      expect(Math.abs(entry.createdAt - createdAt)).toBeLessThan(0.01)
      expect(Math.abs(entry.staleAt - staleAt)).toBeLessThan(0.01)
      expect(Math.abs(entry.deleteAt - deleteAt)).toBeLessThan(0.01)
    }),
  )
})

test('all hits of an entry are given one promise', async () => {
  const value = { name: 'Ada' }
  const entry = new LocalEntry({
    value,
    createdAt: now,
    loadTime: 1,
    staleAt: now + 1,
    deleteAt: now + 2,
    schemaVersion: 0,
    schema: undefined,
    checkable: true,
    tags: undefined,
    trustedUntil: NEVER,
  })
  expect(entry.served).toBe(entry.served)
  expect(await entry.served).toBe(value)
})
