import { deepStrictEqual } from 'node:assert'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { codecNamed, type FramedCodec } from '../src/values/codec.js'
import {
  decodeHead,
  decodePayload,
  encodeFrame,
  type FrameHead,
  type MarkerHead,
} from '../src/values/frame.js'

interface Fixtures {
  readonly values: readonly (Fixture & { readonly head: Omit<FrameHead, 'kind'>; readonly value?: unknown })[]
  readonly markers: readonly (Fixture & { readonly head: Omit<MarkerHead, 'kind'> })[]
}

interface Fixture {
  readonly name: string
  readonly key: string
  readonly hex: string
}

const format1: Fixtures = JSON.parse(
  readFileSync(new URL('./fixtures/frames-v1.json', import.meta.url), 'utf8'),
)

const { decoders } = codecNamed('auto') as FramedCodec

/** What no JSON file can hold, by the name of its fixture. */
const structuredValues: Readonly<Record<string, unknown>> = {
  'structured clone': {
    at: new Date(1_700_000_000_000),
    map: new Map([['a', 1n]]),
    set: new Set([Number.NaN, -0]),
    bytes: Buffer.from('bytes'),
    floats: Float64Array.of(0.5, -0),
    gone: undefined,
  },
  'nothing at all': undefined,
}

describe("today's code reads what format 1 wrote", () => {
  test.each(format1.values)('a value: $name', ({ name, key, hex, head, value }) => {
    const bytes = Buffer.from(hex, 'hex')
    const found = decodeHead(key, bytes)
    expect(found).toMatchObject({ kind: 'value', ...head })
    if (found.kind !== 'value') return
    const expected = name in structuredValues ? structuredValues[name] : value
    deepStrictEqual(decodePayload(found, bytes, decoders), { ok: true, value: expected })
  })

  test.each(format1.markers)('a marker: $name', ({ key, hex, head }) => {
    expect(decodeHead(key, Buffer.from(hex, 'hex'))).toEqual({ kind: 'marker', ...head })
  })
})

test("today's code still writes format 1", () => {
  const { key, head, value, hex } = format1.values[0] as Fixtures['values'][number]
  const frame = encodeFrame(key, {
    meta: head,
    expired: head.expired,
    codecId: head.codecId,
    flags: head.flags,
    bits: Buffer.from(head.bits, 'hex'),
    payload: Buffer.from(JSON.stringify(value)),
  })
  expect(frame.toString('hex')).toBe(hex)
})
