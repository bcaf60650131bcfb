import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codecNamed, type FramedCodec } from '../src/values/codec.js'
import { compress, decompress } from '../src/values/compression.js'
import {
  asExpired,
  decodeHead,
  decodePayload,
  encodeFrame,
  encodeMarker,
  FLAG_COMPRESSED,
  FLAG_TAGS,
  FLAG_UNCHECKED,
  FRAME_OVERHEAD,
  type FrameHead,
} from '../src/values/frame.js'
import { structuredValue } from './structured-values.js'

const codec = codecNamed('auto') as FramedCodec
const meta = { createdAt: 1.5, loadTime: 20, staleAt: 300, deleteAt: 4000, schemaVersion: 7 }

function frameOf(key: string, value: unknown, flags = 0): Buffer {
  return encodeFrame(key, { meta, expired: false, flags, ...codec.encode(value) })
}

function headOf(key: string, bytes: Uint8Array): FrameHead {
  const head = decodeHead(key, bytes)
  if (head.kind !== 'value') throw new Error(`expected a value, found ${JSON.stringify(head)}`)
  return head
}

describe("a value's frame", () => {
  test('gives back the value and its instants', () => {
    const instant = fc.double({ noDefaultInfinity: true, noNaN: true })
    const init = fc.record({
      meta: fc.record({
        createdAt: instant,
        staleAt: instant,
        deleteAt: instant,
        loadTime: fc.nat(),
        schemaVersion: fc.integer({ min: 0, max: 0xffffffff }),
      }),
      expired: fc.boolean(),
      flags: fc.constantFrom(0, FLAG_UNCHECKED),
      bits: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), structuredValue, init, (key, value, init) => {
        const frame = encodeFrame(key, { ...init, ...codec.encode(value) })
        const head = headOf(key, frame)
        const { createdAt, staleAt, deleteAt, loadTime, schemaVersion, expired, flags } = head
        deepStrictEqual({ createdAt, staleAt, deleteAt, loadTime, schemaVersion }, { ...init.meta })
        deepStrictEqual({ expired, flags }, { expired: init.expired, flags: init.flags })
        expect(head.bits).toBe(Buffer.from(init.bits).toString('hex'))
        deepStrictEqual(decodePayload(head, frame, codec.decoders), { ok: true, value })
      }),
      { numRuns: 300 },
    )
  })

  test('is read from any view of memory', () => {
    const frame = frameOf('k', { a: 1 })
    const memory = new Uint8Array(frame.length + 5)
    memory.set(frame, 3)
    const view = memory.subarray(3, 3 + frame.length)
    expect(decodePayload(headOf('k', view), view, codec.decoders)).toEqual({ ok: true, value: { a: 1 } })
  })

  test('draws new random bits each time', () => {
    const bits = Array.from({ length: 100 }, () => headOf('k', frameOf('k', 1)).bits)
    expect(new Set(bits).size).toBe(100)
  })

  test('adds 62 bytes to its payload', () => {
    expect(frameOf('k', undefined)).toHaveLength(62)
    expect(FRAME_OVERHEAD).toBe(62)
  })

  test.each([
    [-1, 0],
    [0.5, 1],
    [Number.NaN, 0],
    [1e12, 0xffffffff],
  ])('keeps a load time of %d ms as %d', (loadTime, kept) => {
    const frame = encodeFrame('k', {
      meta: { ...meta, loadTime },
      expired: false,
      flags: 0,
      ...codec.encode(1),
    })
    expect(headOf('k', frame).loadTime).toBe(kept)
  })

  test('under another key is not taken for its value', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, other) => {
        if (key === other) return
        expect(decodeHead(other, frameOf(key, 1))).toEqual({ kind: 'unreadable', reason: 'key' })
        expect(decodeHead(other, encodeMarker(key, '0123456789abcdef', 'load'))).toEqual({
          kind: 'unreadable',
          reason: 'key',
        })
      }),
    )
  })

  test('keeps its compressed payload', () => {
    const value = { text: 'abc'.repeat(1000) }
    const { codecId, payload } = codec.encode(value)
    const smaller = compress(payload, { threshold: 0 }) as Uint8Array
    const frame = encodeFrame('k', {
      meta,
      expired: false,
      codecId,
      flags: FLAG_COMPRESSED,
      payload: smaller,
    })
    expect(frame.length).toBeLessThan(200)
    expect(decodePayload(headOf('k', frame), frame, codec.decoders)).toEqual({ ok: true, value })
    expect(decodePayload(headOf('k', frame), frame, codec.decoders, 100)).toEqual({
      ok: false,
      reason: 'corrupt',
    })
    expect(decompress(smaller, 100)).toBeUndefined()
  })

  test('of a codec that this process does not have says so', () => {
    const frame = encodeFrame('k', {
      meta,
      expired: false,
      codecId: 200,
      flags: 0,
      payload: Buffer.from('x'),
    })
    expect(decodePayload(headOf('k', frame), frame, codec.decoders)).toEqual({ ok: false, reason: 'codec' })
  })
})

describe('an expired frame', () => {
  test('is the same value in another state under other random bits', () => {
    const frame = frameOf('k', { a: 1 })
    const before = Buffer.from(frame)
    const expired = asExpired(frame)
    expect(frame.equals(before)).toBe(true)
    const head = headOf('k', expired)
    expect(head).toMatchObject({ ...meta, expired: true })
    expect(head.bits).not.toBe(headOf('k', frame).bits)
    expect(decodePayload(head, expired, codec.decoders)).toEqual({ ok: true, value: { a: 1 } })
  })

  test('differs from the fresh one in byte 3 and bytes 8 to 15 only', () => {
    const frame = frameOf('k', { a: 1 })
    const expired = asExpired(frame)
    const differing = [...frame.keys()].filter(at => frame[at] !== expired[at])
    expect(differing.every(at => at === 3 || (at >= 8 && at < 16))).toBe(true)
    expect([frame[3], expired[3]]).toEqual([0, 1])
  })
})

describe('a marker', () => {
  test.each(['load', 'open', 'write'] as const)('gives back its holder and its kind: %s', mark => {
    const bytes = encodeMarker('k', '0123456789abcdef', mark)
    expect(decodeHead('k', bytes)).toEqual({ kind: 'marker', holder: '0123456789abcdef', mark })
    expect(bytes).toHaveLength(36)
  })

  test('of the same holder differs from the one before in its first 16 bytes', () => {
    const first = encodeMarker('k', '0123456789abcdef', 'load').subarray(0, 16)
    expect(first.equals(encodeMarker('k', '0123456789abcdef', 'load').subarray(0, 16))).toBe(false)
  })
})

describe('a frame of a later release', () => {
  const frame = frameOf('k', 'value')

  test.each([
    ['format', 2, 2],
    ['state', 3, 5],
    ['flag', 5, 8],
    ['reserved byte', 6, 1],
    ['other reserved byte', 7, 1],
  ])('with an unknown %s is unreadable', (_, at, byte) => {
    const later = Buffer.from(frame)
    later[at] = byte
    expect(decodeHead('k', later)).toEqual({ kind: 'unreadable', reason: 'format' })
  })

  test('with tags is read past them', () => {
    const tags = Buffer.from('tags')
    const tagged = encodeFrame('k', {
      meta,
      expired: false,
      flags: FLAG_TAGS,
      codecId: 1,
      payload: Buffer.concat([tags, Buffer.from('"value"')]),
    })
    tagged.writeUInt16LE(tags.length, 60)
    const head = headOf('k', tagged)
    expect(head).toMatchObject({ payloadOffset: 66, flags: FLAG_TAGS })
    expect(tagged.subarray(head.payloadOffset).toString()).toBe('"value"')
  })
})
