import assert from 'node:assert/strict'
import type { MessageBus } from '@lookaside/core'
import { listening, untilHeard } from './recording.js'
import type { BusRuleContext, BusRules } from './rule.js'

type Context = BusRuleContext<MessageBus>

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index)

/** Bytes that are no UTF-8, that end texts, lines and frames, and that other programs give a meaning to. */
const AWKWARD = [
  'ff',
  'c328',
  'eda080',
  '00',
  '0000',
  '0d0a',
  '0a',
  '20',
  '1f8b08',
  'efbbbf61',
  '616200',
  'ff4c',
].map(hex => Uint8Array.from(Buffer.from(hex, 'hex')))

export const MESSAGE_BYTE_RULES: BusRules<Context> = {
  'carries any bytes': async context => {
    await expectCarried(context, EVERY_BYTE, ...AWKWARD)
  },
  'carries bytes in the middle of a buffer': async context => {
    await expectCarried(context, EVERY_BYTE.subarray(7, 77), Buffer.from('a Buffer').subarray(2))
  },
  'carries an empty message': async context => {
    await expectCarried(context, new Uint8Array())
  },
  'carries a message of 64 KB': async context => {
    await expectCarried(
      context,
      Uint8Array.from({ length: 65_536 }, (_, index) => (index * 31 + (index >> 8)) % 256),
    )
  },
  'carries a message as it was when it was published': async context => {
    const [bus, other] = [await context.connect(), await context.connect()]
    const recordings = [
      await listening(context, bus, context.topic()),
      await listening(context, other, context.topic()),
    ]
    const buffer = new Uint8Array(4)
    for (let round = 1; round <= 20; round++) {
      await bus.publish(context.topic(), buffer.fill(round))
      buffer.fill(0)
      await untilHeard(context, String.fromCharCode(round).repeat(4), ...recordings)
    }
  },
  'gives messages as a Uint8Array': async context => {
    const bus = await context.connect()
    const { listener } = await listening(context, bus, context.topic())
    const received: unknown[] = []
    bus.listen(context.topic(), { ...listener, message: bytes => void received.push(bytes) })
    await listening(context, bus, context.topic())
    await bus.publish(context.topic(), EVERY_BYTE)
    await context.until(() => received.length > 0, 'a message')
    assert.ok(received[0] instanceof Uint8Array, `expected a Uint8Array; received ${typeof received[0]}`)
  },
}

/** Fails unless the sender and another process hear exactly these messages. */
async function expectCarried(context: Context, ...messages: readonly Uint8Array[]): Promise<void> {
  const [bus, other] = [await context.connect(), await context.connect()]
  const recordings = [
    await listening(context, bus, context.topic()),
    await listening(context, other, context.topic()),
  ]
  for (const [index, message] of messages.entries()) {
    await bus.publish(context.topic(), message)
    const what = Buffer.from(message).toString('latin1')
    for (const recording of recordings) {
      await context.until(
        () => recording.count('heard') > index,
        `message ${index + 1} of ${messages.length}`,
      )
      const heard = recording.told.filter(({ type }) => type === 'heard')[index]?.what ?? ''
      assert.ok(heard === what, `expected ${hex(what)}; heard ${hex(heard)}`)
    }
  }
}

function hex(what: string): string {
  const head = Buffer.from(what.slice(0, 24), 'latin1').toString('hex')
  return `${what.length} bytes (${head}${what.length > 24 ? '…' : ''})`
}
