import { expect, test } from 'vitest'
import { randomBits, randomId } from '../src/random-bits.js'

test('random bits are 8 bytes, never handed out twice and never written again', () => {
  const drawn = Array.from({ length: 3000 }, () => randomBits())
  const texts = drawn.map(bits => Buffer.from(bits).toString('hex'))
  for (let count = 0; count < 3000; count++) randomBits()
  expect(drawn.map(bits => Buffer.from(bits).toString('hex'))).toEqual(texts)
  expect(new Set(texts).size).toBe(3000)
  expect(texts.every(text => /^[0-9a-f]{16}$/.test(text))).toBe(true)
})

test('an id is 16 hexadecimal digits', () => {
  const ids = Array.from({ length: 3000 }, () => randomId())
  expect(ids.every(id => /^[0-9a-f]{16}$/.test(id))).toBe(true)
  expect(new Set(ids).size).toBe(3000)
})
