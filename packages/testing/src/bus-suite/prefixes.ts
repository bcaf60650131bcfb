import { listening, mark, type Recording, untilHeard } from './recording.js'
import { type BusRules, type ChangeRuleContext, LONG, VALUE } from './rule.js'

/** Ends of prefixes that are patterns or escapes to some servers. */
const AWKWARD = ['a*:', 'a?:', 'a[b]:', 'a[^b]', 'a\\x:', 'a\\', '*', 'a.b:', 'a{b,c}:', 'é:', '"', '%41:']

export const PREFIX_RULES: BusRules<ChangeRuleContext> = {
  'takes a prefix literally': async context => {
    const bus = await context.connect()
    for (const name of AWKWARD) {
      const prefix = `${context.topic()}${name}`
      const recording = await listening(context, bus, prefix)
      const key = `${prefix}1`
      await context.client.set(key, VALUE, LONG)
      await untilHeard(context, key, recording)
    }
  },
  'tells those who listen to nested prefixes, in whichever order they came': async context => {
    for (const name of ['outer first', 'inner first']) {
      const bus = await context.connect()
      const outer = context.topic(name.replace(' ', '-'))
      const inner = `${outer}inner:`
      const innermost = `${inner}innermost:`
      const prefixes = name === 'outer first' ? [outer, inner, innermost] : [innermost, inner, outer]
      const recordings = new Map<string, Recording>()
      for (const prefix of prefixes) recordings.set(prefix, await listening(context, bus, prefix))
      for (const prefix of prefixes) {
        const hearing = prefixes.filter(each => prefix.startsWith(each))
        await mark(context, prefix, ...hearing.flatMap(each => recordings.get(each) ?? []))
      }
    }
  },
  'tells one of two nested prefixes on when the other has ended': async context => {
    const bus = await context.connect()
    for (const name of ['outer', 'inner']) {
      const outer = context.topic(`end-${name}`)
      const inner = `${outer}inner:`
      const [first, second] = [await listening(context, bus, outer), await listening(context, bus, inner)]
      const [ended, stays] = name === 'outer' ? [first, second] : [second, first]
      ended.end()
      await mark(context, inner, stays)
      await mark(context, inner, stays, await listening(context, bus, name === 'outer' ? outer : inner))
    }
  },
  'tells of every key to those who listen to the empty prefix': async context => {
    const bus = await context.connect()
    const before = await listening(context, bus, context.topic('before'))
    const all = await listening(context, bus, '')
    const after = await listening(context, bus, context.topic('after'))
    await mark(context, context.topic('before'), all, before)
    await mark(context, context.topic('after'), all, after)
    all.end()
    await mark(context, context.topic('before'), before)
    await mark(context, context.topic('after'), after)
  },
}
