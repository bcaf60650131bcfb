import { randomUUID } from 'node:crypto'
import type { CacheSettings } from '@lookaside/config'
import { eventTrace } from '@lookaside/testing'
import { describe, expect, test } from 'vitest'
import { openMember, servers } from './members.js'

const FRAMED = ['auto', 'json', 'structured'] as const

/** What each of the codecs without a frame can keep. */
const RAW = [
  ['raw', ['old text', 'new text']],
  ['raw-json', [{ is: 'old' }, { is: 'new' }]],
  ['raw-bytes', [Buffer.from('old bytes'), Buffer.from('new bytes')]],
] as const

const PAIRS = FRAMED.flatMap(framed => RAW.map(([raw, values]) => ({ framed, raw, values })))

describe.each(servers)('On $name, a fleet that changes', place => {
  const open = async (one: CacheSettings['codec'], other: CacheSettings['codec']) => {
    const prefix = `config-${randomUUID()}`
    const old = await openMember(place, { codec: one, prefix })
    const now = await openMember(place, { codec: other, prefix })
    return { old, now, told: eventTrace(now) }
  }

  test.each(PAIRS)('from $raw to $framed misses, and replaces what was there', async change => {
    const { framed, raw, values } = change
    const [before, after] = values
    const { old, now, told } = await open(raw, framed)
    expect(await old.set('a', before)).toBe(true)
    expect(await now.get('a')).toBeUndefined()
    expect(await now.getOrSet('a', () => after)).toEqual(after)
    expect(told.lines('reason').slice(0, 2)).toEqual(['unusable reason=foreign', 'miss'])
    expect(await now.lookup('a')).toMatchObject({ state: 'fresh' })
  })

  test.each(PAIRS)('from $framed to $raw misses, and replaces what was there', async change => {
    const { framed, raw, values } = change
    const [before, after] = values
    const { old, now, told } = await open(framed, raw)
    expect(await old.set('a', before)).toBe(true)
    expect(await now.get('a')).toBeUndefined()
    expect(await now.getOrSet('a', () => after)).toEqual(after)
    expect(told.lines('reason').slice(0, 2)).toEqual(['unusable reason=foreign', 'miss'])
    expect(await now.get('a')).toEqual(after)
  })

  test.each(PAIRS)(
    'between $framed and $raw never serves the wrong value, nor what was deleted',
    async change => {
      const { framed, raw, values } = change
      const [before, after] = values
      const { old, now } = await open(framed, raw)
      let row: unknown = before
      const load = () => row
      for (let round = 0; round < 3; round++) {
        for (const cache of [old, now, now, old]) expect(await cache.getOrSet('a', load)).toEqual(row)
        row = row === before ? after : before
        expect(await (round === 1 ? old : now).delete('a')).toBe(true)
        for (const cache of [now, old]) expect(await cache.get('a')).toBeUndefined()
      }
    },
  )

  test.each(PAIRS)("between $framed and $raw takes nobody's claim for a value", async change => {
    const { framed, raw, values } = change
    const { old, now } = await open(framed, raw)
    const [, value] = values
    const loaded = await old.getOrSet('a', async () => {
      expect(await now.get('a')).toBeUndefined()
      expect(await now.getOrSet('a', () => value)).toEqual(value)
      return value
    })
    expect(loaded).toEqual(value)
    expect(await now.getOrSet('a', () => value)).toEqual(value)
  })
})
