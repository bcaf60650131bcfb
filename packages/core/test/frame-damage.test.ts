import { deepStrictEqual } from 'node:assert'
import { crc32, deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codecNamed, type FramedCodec } from '../src/values/codec.js'
import { compress, DEFAULT_MAX_DECOMPRESSED_BYTES } from '../src/values/compression.js'
import { decodeHead, decodePayload, encodeFrame, encodeMarker, FLAG_COMPRESSED } from '../src/values/frame.js'

const codec = codecNamed('auto') as FramedCodec
const custom = codecNamed({
  name: 'text',
  id: 130,
  encode: value => Buffer.from(String(value)),
  decode: bytes => Buffer.from(bytes).toString(),
}) as FramedCodec
const meta = { createdAt: 1, loadTime: 20, staleAt: 300, deleteAt: 4000, schemaVersion: 7 }
const plain = { name: 'Ada', list: [1, 2] }
const rich = { at: new Date(0), map: new Map([['a', 1n]]), bytes: Buffer.from('abc') }
const long = 'abc'.repeat(50)

const frames: [name: string, bytes: Buffer, value: unknown][] = [
  ['JSON', frameOf(codec.encode(plain)), plain],
  ['structured clone', frameOf(codec.encode(rich)), rich],
  ['nothing at all', frameOf(codec.encode(undefined)), undefined],
  ["an application's codec", frameOf(custom.encode('abc')), 'abc'],
  [
    'compressed JSON',
    frameOf(
      { codecId: 1, payload: compress(Buffer.from(JSON.stringify(long)), { threshold: 0 }) as Uint8Array },
      FLAG_COMPRESSED,
    ),
    long,
  ],
]

function frameOf(encoded: { codecId: number; payload: Uint8Array }, flags = 0): Buffer {
  return encodeFrame('k', { meta, expired: false, flags, ...encoded })
}

/** What a reader makes of the bytes: a value with its instants, or nothing. */
function read(bytes: Uint8Array): { value: unknown; meta: object } | undefined {
  const head = decodeHead('k', bytes)
  if (head.kind !== 'value') return undefined
  const payload = decodePayload(head, bytes, custom.decoders)
  if (!payload.ok) return undefined
  const { createdAt, loadTime, staleAt, deleteAt, schemaVersion } = head
  return { value: payload.value, meta: { createdAt, loadTime, staleAt, deleteAt, schemaVersion } }
}

/** A frame with a checksum that fits whatever was done to it. */
function resealed(bytes: Buffer): Buffer {
  if (bytes.length >= 20) bytes.writeUInt32LE(crc32(bytes.subarray(20), bytes.readUInt32LE(4)), 16)
  return bytes
}

describe.each(frames)('a frame of %s', (_, frame, value) => {
  test('is whole before it is damaged', () => {
    deepStrictEqual(read(frame), { value, meta })
  })

  test('with any one byte changed is a miss or the same value', () => {
    for (const [at, byte] of frame.entries()) {
      for (let change = 1; change < 256; change++) {
        const damaged = Buffer.from(frame)
        damaged[at] = byte ^ change
        const found = read(damaged)
        // Only what `expire` rewrites in place is not under the checksum.
        if (found !== undefined && at !== 3 && (at < 8 || at > 15))
          expect.fail(`byte ${at} ^ ${change} went unnoticed`)
        if (found !== undefined) deepStrictEqual(found, { value, meta })
      }
    }
  })

  test('cut off anywhere is a miss', () => {
    for (let length = 0; length < frame.length; length++) {
      expect(read(frame.subarray(0, length))).toBeUndefined()
    }
  })

  test('with anything behind it is a miss', () => {
    for (const more of [[0], [0xff, 0x4c], [...frame]]) {
      expect(read(Buffer.concat([frame, Buffer.from(more)]))).toBeUndefined()
    }
  })

  test('with several bytes changed is a miss or the same value', () => {
    const change = fc.tuple(fc.nat(frame.length - 1), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.array(change, { minLength: 2, maxLength: 10 }), changes => {
        const damaged = Buffer.from(frame)
        for (const [at, byte] of changes) damaged[at] = byte
        const found = read(damaged)
        if (found !== undefined) deepStrictEqual(found, { value, meta })
      }),
    )
  })
})

describe('a marker', () => {
  const marker = encodeMarker('k', '0123456789abcdef', 'load')

  test('with any one byte changed names no other holder', () => {
    for (const [at, byte] of marker.entries()) {
      for (let change = 1; change < 256; change++) {
        const damaged = Buffer.from(marker)
        damaged[at] = byte ^ change
        const head = decodeHead('k', damaged)
        expect(head.kind).not.toBe('value')
        if (head.kind === 'marker') expect(head.holder).toBe('0123456789abcdef')
      }
    }
  })

  test('cut off or continued is unreadable', () => {
    for (let length = 0; length < marker.length; length++) {
      expect(decodeHead('k', marker.subarray(0, length)).kind).toBe('unreadable')
    }
    expect(decodeHead('k', Buffer.concat([marker, marker]))).toEqual({
      kind: 'unreadable',
      reason: 'corrupt',
    })
  })
})

describe('bytes of any origin', () => {
  test('are never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
        expect(read(bytes)).toBeUndefined()
      }),
    )
  })

  test('that are no frame are foreign', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('{"a":1}'), Buffer.from([0xff]), Buffer.alloc(100)]) {
      expect(decodeHead('k', bytes)).toEqual({ kind: 'unreadable', reason: 'foreign' })
    }
  })

  test('behind a valid header with a fitting checksum are never a crash', () => {
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.uint8Array({ maxLength: 60 }).map(bytes => Buffer.concat([Buffer.from([0xff, 0x0f]), bytes])),
      fc.uint8Array({ maxLength: 60 }).map(bytes => deflateRawSync(bytes)),
    )
    fc.assert(
      fc.property(
        payload,
        fc.constantFrom(0, 1, 2, 3, 130, 255),
        fc.nat(7),
        fc.nat(80),
        (payload, codecId, flags, tags) => {
          const bytes = frameOf({ codecId, payload }, flags)
          bytes.writeUInt16LE(tags, 60)
          read(resealed(bytes))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('that were a structured clone, changed and sealed again, are never a crash', () => {
    const frame = frameOf(
      codec.encode({ ...rich, floats: Float64Array.of(1, 2), error: new Error('no'), list: new Array(3) }),
    )
    const change = fc.tuple(fc.integer({ min: 62, max: frame.length - 1 }), fc.integer({ min: 0, max: 255 }))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), changes => {
        const damaged = Buffer.from(frame)
        for (const [at, byte] of changes) damaged[at] = byte
        read(resealed(damaged))
      }),
      { numRuns: 3000 },
    )
  })

  test.each([28, 36, 44])('with an instant at byte %d that is not finite are corrupt', at => {
    for (const instant of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const bytes = frameOf(codec.encode(1))
      bytes.writeDoubleLE(instant, at)
      expect(decodeHead('k', resealed(bytes))).toEqual({ kind: 'unreadable', reason: 'corrupt' })
    }
  })

  test('with tags that reach past the end are corrupt', () => {
    const bytes = frameOf(codec.encode(1))
    bytes.writeUInt16LE(2, 60)
    expect(decodeHead('k', resealed(bytes))).toEqual({ kind: 'unreadable', reason: 'corrupt' })
  })

  test('that would decompress to more than 64 MiB are corrupt', () => {
    const payload = deflateRawSync(Buffer.alloc(DEFAULT_MAX_DECOMPRESSED_BYTES + 1, 0x20))
    const bytes = frameOf({ codecId: 1, payload }, FLAG_COMPRESSED)
    const head = decodeHead('k', bytes)
    expect(head.kind === 'value' && decodePayload(head, bytes, codec.decoders)).toEqual({
      ok: false,
      reason: 'corrupt',
    })
  })
})
