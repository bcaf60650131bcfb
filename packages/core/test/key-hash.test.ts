import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashedWireKey, rootSpace } from '../src/keys/key.js'
import { hashState, keyHash } from '../src/keys/key-hash.js'

const text = fc.string({ unit: 'binary', maxLength: 60 })

test('the hash of a key goes on from that of what it begins with', () => {
  fc.assert(
    fc.property(text, text, (prefix, rest) => {
      expect(keyHash(rest, hashState(prefix))).toEqual(keyHash(prefix + rest))
    }),
  )
})

test('a wire key comes with its own hash, whether or not it had to be digested', () => {
  const key = fc.oneof(text, fc.string({ minLength: 100, maxLength: 300 }), fc.constant(':#tag:x'))
  fc.assert(
    fc.property(key, fc.constantFrom('', 'shop'), (each, prefix) => {
      const { wire, hash } = hashedWireKey(rootSpace(prefix), each)
      expect(hash).toEqual(keyHash(wire))
    }),
  )
})

test('it is the same as ever: frames carry it', () => {
  expect(keyHash('')).toEqual({ low: 451_841_411, high: 1_217_125_560 })
  expect(keyHash('shop::user:42')).toEqual({ low: 1_877_087_144, high: 1_776_911_345 })
})
