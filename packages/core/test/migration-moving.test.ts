import { expect, test } from 'vitest'
import { decodeMoving, encodeMoving } from '../src/migration/moving.js'
import { newTombstone, tombstoneKey } from '../src/migration/tombstone.js'
import { decodeStoredToken } from '../src/tags/remote-token.js'
import { counterDigits } from '../src/values/counter.js'
import { decodeHead } from '../src/values/frame.js'

const counter = { digits: '18446744073709551615', ttl: 1_500 }

test('What holds a key is read back, with the counter that it carries', () => {
  expect(decodeMoving(encodeMoving())).toEqual({ counter: undefined })
  expect(decodeMoving(encodeMoving(counter))).toEqual({ counter })
})

test('No two holders of a key have the same bytes, by which a store may tell them apart', () => {
  expect(encodeMoving().equals(encodeMoving())).toBe(false)
  expect(encodeMoving(counter).equals(encodeMoving(counter))).toBe(false)
})

test.each([undefined, counter])('It is no frame, no token and no counter: %o', carried => {
  const bytes = encodeMoving(carried)
  expect(decodeHead('key', bytes)).toEqual({ kind: 'unreadable', reason: 'foreign' })
  expect(decodeStoredToken(bytes)).toBeUndefined()
  expect(counterDigits(bytes)).toBeUndefined()
})

test.each(['', 'l', 'lookaside', 'lookaside:moving:', 'lookaside:staying:0011223344556677', '41'])(
  'Other bytes hold no key: %o',
  text => {
    expect(decodeMoving(Buffer.from(text))).toBeUndefined()
  },
)

test('A counter that can not be read is none', () => {
  const bytes = Buffer.from('lookaside:moving:0011223344556677:1500:many')
  expect(decodeMoving(bytes)).toEqual({ counter: undefined })
})

test('A tombstone has a legal key of its own for each key, under no prefix, and bytes of its own', () => {
  const [one, other] = [tombstoneKey('shop::a'), tombstoneKey(`shop::${'é'.repeat(120)}`)]
  expect(one).toMatch(/^lookaside#gone:[\w-]{43}$/)
  expect(other).toMatch(/^lookaside#gone:[\w-]{43}$/)
  expect(one).not.toBe(other)
  expect(newTombstone().equals(newTombstone())).toBe(false)
})
