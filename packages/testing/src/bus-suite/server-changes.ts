import type { ChangeBus } from '@lookaside/core'
import type { ChangingClient } from '../bus-suite-options.js'
import { expectTold } from './changes.js'
import { listening, mark } from './recording.js'
import { type BusRules, type ChangeRuleContext, LONG, VALUE } from './rule.js'

/** Rules for a server that can be flushed. */
export function flushRules(flush: () => Promise<unknown>): BusRules<ChangeRuleContext> {
  return {
    'says flushed() when the server has dropped everything': async context => {
      const [bus, other] = [await context.connect(), await context.connect()]
      const topic = context.topic()
      const recordings = [
        await listening(context, bus, topic),
        await listening(context, bus, context.topic('unused')),
        await listening(context, other, topic),
      ]
      await context.client.set(`${topic}a`, VALUE, LONG)
      for (let round = 0; round < 2; round++) {
        const before = recordings.map(({ told }) => told.length)
        await flush()
        for (const [index, recording] of recordings.entries()) {
          await context.until(() => recording.count('flushed', before[index]) > 0, 'to be told flushed()')
        }
      }
    },
    'tells on of changes when the server has dropped everything': async context => {
      const topic = context.topic()
      const recording = await listening(context, await context.connect(), topic)
      await flush()
      await context.until(() => recording.count('flushed') > 0, 'to be told flushed()')
      await mark(context, topic, recording)
      await expectTold(context, key => context.client.delete(key))
    },
  }
}

/** Rules for a server that can be brought to evict. */
export function evictionRules(evict: (key: string) => Promise<unknown>): BusRules<ChangeRuleContext> {
  return {
    'tells of a key that is evicted': async context => {
      await expectTold(context, key => evict(key))
    },
  }
}

/** Rules for a bus that shares something with the store of its process. */
export function ownChangeRules(own: (bus: ChangeBus) => ChangingClient): BusRules<ChangeRuleContext> {
  return {
    'tells of what its own process changes': async context => {
      await expectTold(context, (key, bus) => own(bus).set(key, VALUE, LONG))
      await expectTold(context, (key, bus) => own(bus).delete(key))
    },
  }
}
