import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compress,
  DEFAULT_MAX_DECOMPRESSED_BYTES,
  decompress,
  parseCompression,
} from '../src/values/compression.js'

const always = { threshold: 0 }

test('what is compressed comes back as it was', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 50 }),
      fc.integer({ min: 10, max: 50 }),
      (part, times) => {
        const payload = Buffer.concat(Array.from({ length: times }, () => part))
        const compressed = compress(payload, always)
        if (compressed === undefined) return
        expect(compressed.length).toBeLessThan(payload.length)
        expect(Buffer.from(decompress(compressed, 10_000) ?? []).equals(payload)).toBe(true)
      },
    ),
  )
})

test('a payload below the threshold is left alone, one that reaches it is compressed', () => {
  const payload = Buffer.alloc(1000)
  expect(compress(payload, { threshold: 1001 })).toBeUndefined()
  expect(compress(payload, { threshold: 1000 })?.length).toBeLessThan(100)
})

test('a payload that would not shrink is left alone', () => {
  expect(compress(Buffer.from('abc'), always)).toBeUndefined()
  expect(compress(new Uint8Array(0), always)).toBeUndefined()
})

test('a payload that could not be decompressed for its length is left alone', () => {
  expect(compress(Buffer.alloc(DEFAULT_MAX_DECOMPRESSED_BYTES + 1), always)).toBeUndefined()
})

test('decompression stops at its cap', () => {
  const bomb = deflateRawSync(Buffer.alloc(DEFAULT_MAX_DECOMPRESSED_BYTES + 1))
  expect(decompress(bomb, DEFAULT_MAX_DECOMPRESSED_BYTES)).toBeUndefined()
  expect(decompress(deflateRawSync(Buffer.alloc(101)), 100)).toBeUndefined()
  expect(decompress(deflateRawSync(Buffer.alloc(100)), 100)).toHaveLength(100)
})

test('bytes that are not compressed, or cut off, are told by undefined', () => {
  const compressed = compress(Buffer.alloc(1000), always) as Uint8Array
  expect(decompress(Uint8Array.of(0xff, 0xff), 100)).toBeUndefined()
  expect(decompress(compressed.subarray(0, -1), 10_000)).toBeUndefined()
  expect(decompress(new Uint8Array(0), 100)).toBeUndefined()
})

test('the option is true, false, or a threshold', () => {
  expect(parseCompression(true)).toEqual({ threshold: 1024 })
  expect(parseCompression(false)).toBeUndefined()
  expect(parseCompression({ threshold: 0 })).toEqual({ threshold: 0 })
})

test('an option of another type is told what there is', () => {
  expect(() => parseCompression('fast' as never)).toThrow(
    "compression takes its options as an object, or is true or false; received 'fast'",
  )
})

test.each([
  [{ threshold: -1 }],
  [{ threshold: 1.5 }],
  [{}],
  [{ treshold: 1 }],
  [null],
  ['fast'],
  [undefined],
])('the option is refused when it is %o', option => {
  expect(() => parseCompression(option as never)).toThrow(
    expect.objectContaining({ code: 'ERR_CACHE_OPTION' }),
  )
})
