import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyHash } from '../src/keys/key-hash.js'
import { AskedKeys } from '../src/tiers/asked-keys.js'

/** Hashes that often fall on the same place, and sometimes are the same for two keys. */
const hash = fc.record({ low: fc.integer({ min: -3, max: 600 }), high: fc.constant(0) })
const step = fc.oneof(
  { arbitrary: fc.record({ at: fc.string({ maxLength: 2 }), hash }), weight: 50 },
  { arbitrary: fc.constant('clear' as const), weight: 1 },
)

test('finds what was asked since it was cleared, and nothing else, however the hashes fall', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600, size: 'max' }), steps => {
      const asked = new AskedKeys<{ at: string; hash: { low: number; high: number } }>()
      const model = new Map<string, object>()
      for (const one of steps) {
        if (one === 'clear') {
          asked.clear()
          model.clear()
          continue
        }
        // A key always has the same hash.
        const each = { at: one.at, hash: { low: one.hash.low % (one.at.length + 1), high: 0 } }
        const name = `${each.hash.low} ${each.at}`
        expect(asked.find(each.at, each.hash)).toBe(model.get(name))
        if (model.has(name)) continue
        asked.add(each)
        model.set(name, each)
      }
    }),
    { numRuns: 200 },
  )
})

test('holds thousands, tick after tick', () => {
  const asked = new AskedKeys<{ at: string; hash: { low: number; high: number } }>()
  for (const count of [5_000, 1, 300, 0, 5_000]) {
    const all = Array.from({ length: count }, (_, index) => ({
      at: `k:${index}`,
      hash: keyHash(`k:${index}`),
    }))
    for (const one of all) {
      expect(asked.find(one.at, one.hash)).toBeUndefined()
      asked.add(one)
    }
    for (const one of all) expect(asked.find(one.at, one.hash)).toBe(one)
    expect(asked.find('another', keyHash('another'))).toBeUndefined()
    asked.clear()
    for (const one of all) expect(asked.find(one.at, one.hash)).toBeUndefined()
  }
})
