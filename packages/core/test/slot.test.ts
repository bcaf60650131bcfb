import { expect, test } from 'vitest'
import { type FoundValue, type Slot, sameSlot } from '../src/tiers/slot.js'

const version = {}
const entry = { value: 1, createdAt: 0, loadTime: 0, staleAt: 0, deleteAt: 10, schemaVersion: 0 }
const value: FoundValue = { kind: 'value', entry, version, identity: { bits: 'a' }, checkable: true }

test('a value that another caller of the same read has found dead is not the same', () => {
  const dead: Slot = { kind: 'unusable', version, reason: 'dead' }
  expect(sameSlot(value, dead)).toBe(false)
  expect(sameSlot(dead, { ...dead })).toBe(true)
})

test('two reads of one write are the same, of two writes they are not', () => {
  expect(sameSlot(value, { ...value, version: {} })).toBe(true)
  expect(sameSlot(value, { ...value, version: {}, identity: { bits: 'b' } })).toBe(false)
})
