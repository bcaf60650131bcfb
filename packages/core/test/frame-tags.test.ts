import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeStoredToken, drawToken, encodeStoredToken } from '../src/tags/remote-token.js'
import type { Tagged } from '../src/tags/token.js'
import {
  decodeFrameTags,
  decodeHead,
  encodeFrame,
  FLAG_TAGS,
  FRAME_OVERHEAD,
  type FrameHead,
} from '../src/values/frame.js'
import { afterTag, decodeTags, encodeTags } from '../src/values/frame-tags.js'

/** Names of up to 250 bytes; the empty one is that of a generation. */
const name = fc
  .string({ unit: 'binary', maxLength: 250 })
  .filter(text => text.isWellFormed() && Buffer.byteLength(text) <= 250)
const tagged = name.map((each): Tagged => {
  const { hard, soft } = drawToken(0)
  return { name: each, token: { hard, soft } }
})
const anyTags = fc.array(tagged, { maxLength: 65 })

const meta = { createdAt: 1, loadTime: 2, staleAt: 3, deleteAt: 4, schemaVersion: 5 }
const payload = Buffer.from('1')

function frameOf(tags: readonly Tagged[]): { frame: Buffer; head: FrameHead } {
  const frame = encodeFrame('k', { meta, expired: false, codecId: 0, flags: 0, tagged: tags, payload })
  const head = decodeHead('k', frame)
  if (head.kind !== 'value') throw new Error('a frame that was just made is one')
  return { frame, head }
}

describe('tags in a frame', () => {
  test('are read as they were written', () => {
    fc.assert(
      fc.property(anyTags, tags => {
        expect(decodeTags(Buffer.from(encodeTags(tags)))).toEqual(tags)
        const { frame, head } = frameOf(tags)
        expect(decodeFrameTags(head, frame)).toEqual(tags)
        expect(frame.subarray(head.payloadOffset)).toEqual(payload)
      }),
    )
  })

  test('cost nothing where there are none', () => {
    const { frame, head } = frameOf([])
    expect(frame.length).toBe(FRAME_OVERHEAD + payload.length)
    expect(head.flags & FLAG_TAGS).toBe(0)
    expect(decodeFrameTags(head, frame)).toEqual([])
  })

  test('may be 64 of the longest, and a generation besides', () => {
    const longest = Array.from({ length: 64 }, (_, index) => `${index}`.padEnd(250, 'x'))
    const tags = [...longest, ''].map((each): Tagged => {
      const { hard, soft } = drawToken(0)
      return { name: each, token: { hard, soft } }
    })
    const { frame, head } = frameOf(tags)
    expect(decodeFrameTags(head, frame)).toEqual(tags)
  })

  test('cut off anywhere are none, or fewer, but never others', () => {
    fc.assert(
      fc.property(fc.array(tagged, { minLength: 1, maxLength: 4 }), tags => {
        const bytes = Buffer.from(encodeTags(tags))
        for (let length = 0; length < bytes.length; length++) {
          const found = decodeTags(bytes.subarray(0, length))
          if (found !== undefined) expect(found).toEqual(tags.slice(0, found.length))
        }
      }),
    )
  })

  test('with bytes changed anywhere are never a crash', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(
        fc.array(tagged, { minLength: 1, maxLength: 4 }),
        fc.array(change, { minLength: 1, maxLength: 3 }),
        (tags, changes) => {
          const bytes = Buffer.from(encodeTags(tags))
          for (const [at, mask] of changes) {
            const index = at % bytes.length
            bytes[index] = (bytes[index] as number) ^ mask
          }
          const found = decodeTags(bytes)
          for (const { name: each, token } of found ?? []) {
            expect(typeof each).toBe('string')
            expect([`${token.hard}`.length, `${token.soft}`.length]).toEqual([8, 8])
          }
          const { frame, head } = frameOf(tags)
          frame.set(bytes, FRAME_OVERHEAD)
          expect(decodeFrameTags(head, frame)).toEqual(found)
        },
      ),
    )
  })

  test('that are any bytes at all are never a crash', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        const found = decodeTags(Buffer.from(bytes))
        expect(found === undefined || Array.isArray(found)).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a token as a store keeps it', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), keptUntil => {
        const token = drawToken(keptUntil)
        const bytes = encodeStoredToken(token)
        expect(bytes.length).toBe(24)
        expect(decodeStoredToken(bytes)).toEqual(token)
        // Wherever it lies in the memory of a connection.
        const within = new Uint8Array(40)
        within.set(bytes, 7)
        expect(decodeStoredToken(within.subarray(7, 31))).toEqual(token)
      }),
    )
  })

  test('is 24 bytes, and nothing else is one', () => {
    for (let length = 0; length < 64; length++) {
      const found = decodeStoredToken(new Uint8Array(length))
      expect(found !== undefined).toBe(length === 24)
    }
  })
})

/** Whether a frame's tags are found to be these without being decoded. */
function finds(bytes: Buffer, tags: readonly Tagged[]): boolean {
  let at = 0
  for (const { name: each, token } of tags) at = afterTag(bytes, at, bytes.length, each, token)
  return at === bytes.length
}

describe('tags that a reader expects', () => {
  const plain = fc.string({ unit: 'grapheme-ascii', maxLength: 40 })
  const plainTags = fc.array(
    plain.map((each): Tagged => {
      const { hard, soft } = drawToken(0)
      return { name: each, token: { hard, soft } }
    }),
    { maxLength: 8 },
  )

  test('are found, where names are ASCII', () => {
    fc.assert(
      fc.property(plainTags, tags => {
        expect(finds(Buffer.from(encodeTags(tags)), tags)).toBe(true)
      }),
    )
  })

  test('are never found where anything else is written, whatever the names', () => {
    fc.assert(
      fc.property(anyTags, anyTags, (written, expected) => {
        const bytes = Buffer.from(encodeTags(written))
        if (finds(bytes, expected)) expect(decodeTags(bytes)).toEqual(expected)
      }),
    )
    fc.assert(
      fc.property(plainTags, fc.nat(), fc.nat(7), (tags, place, bit) => {
        const bytes = Buffer.from(encodeTags(tags))
        if (bytes.length === 0) return
        const index = place % bytes.length
        bytes[index] = (bytes[index] as number) ^ (1 << bit)
        expect(finds(bytes, tags)).toBe(false)
      }),
    )
  })

  test('are not found by a name whose UTF-16 units are the bytes of another', () => {
    const { hard, soft } = drawToken(0)
    const bytes = Buffer.from(encodeTags([{ name: 'é', token: { hard, soft } }]))
    expect(finds(bytes, [{ name: 'Ã©', token: { hard, soft } }])).toBe(false)
  })

  test('are not found by a token that stands for what the store has not taken', () => {
    const { hard, soft } = drawToken(0)
    const bytes = Buffer.from(encodeTags([{ name: 'a', token: { hard, soft } }]))
    expect(finds(bytes, [{ name: 'a', token: { hard, soft: {} } }])).toBe(false)
  })
})
