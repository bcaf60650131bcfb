import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { MemcachedReply } from '../src/memcached-reply.js'
import { MemcachedReplyParser } from '../src/memcached-reply-parser.js'
import { reply } from './scripted-server.js'

interface Parts {
  readonly opcode: number
  readonly seq: number
  readonly status: number
  readonly extras: string
  readonly key: string
  readonly value: string
  readonly cas: bigint
}

const partsOf = (reply: MemcachedReply): Parts => ({
  opcode: reply.header.opcode,
  seq: reply.header.opaque,
  status: reply.header.status,
  extras: reply.extras.toString('latin1'),
  key: reply.key.toString(),
  value: reply.val.toString('latin1'),
  cas: reply.cas.readBigUInt64BE(),
})

const text = (maxLength: number) => fc.string({ maxLength, unit: 'binary-ascii' })
const anyParts = fc.record({
  opcode: fc.nat(255),
  seq: fc.nat(0xffffffff),
  status: fc.nat(0xffff),
  extras: text(20),
  key: text(30),
  value: text(200),
  cas: fc.bigInt(0n, 2n ** 64n - 1n),
})

test('replies are the same wherever the chunks begin and end', () => {
  fc.assert(
    fc.property(
      fc.array(anyParts, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
      (sent, cuts) => {
        const stream = Buffer.concat(
          sent.map(parts => reply(parts, { ...parts, extras: Buffer.from(parts.extras, 'latin1') })),
        )
        const received: Parts[] = []
        const parser = new MemcachedReplyParser(reply => received.push(partsOf(reply)))
        for (let offset = 0, round = 0; offset < stream.length; round++) {
          const end = offset + (cuts[round % cuts.length] as number)
          parser.push(stream.subarray(offset, end))
          offset = end
        }
        expect(received).toEqual(sent)
      },
    ),
  )
})

test('the work of a large reply grows with its size, not with its square', () => {
  const value = Buffer.alloc(1_000_000, 'x')
  const stream = reply({ opcode: 0, seq: 1 }, { value })
  let length = 0
  const parser = new MemcachedReplyParser(reply => {
    length = reply.val.length
  })
  // Copying all that has come so far with each of these would move 125 GB.
  for (let offset = 0; offset < stream.length; offset += 4) parser.push(stream.subarray(offset, offset + 4))
  expect(length).toBe(value.length)
})

test('a reply that contradicts itself is refused', () => {
  const broken = reply({ opcode: 0, seq: 1 }, { key: 'key', value: 'value' })
  broken.writeUInt32BE(2, 8)
  expect(() => new MemcachedReplyParser(() => {}).push(broken)).toThrow('longer than the whole')
})
