import { randomUUID } from 'node:crypto'
import type { Codec } from '@lookaside/core'
import { eventTrace } from '@lookaside/testing'
import { describe, expect, test, vi } from 'vitest'
import { isGone, mustNotLoad, openMember, places } from './members.js'

const backwards: Codec = {
  name: 'backwards',
  id: 200,
  encode: value => Buffer.from([...JSON.stringify(value)].reverse().join('')),
  decode: bytes => JSON.parse([...Buffer.from(bytes).toString()].reverse().join('')),
}

const shouted: Codec = {
  name: 'shouted',
  id: 201,
  encode: value => Buffer.from(JSON.stringify(value).toUpperCase()),
  decode: bytes => JSON.parse(Buffer.from(bytes).toString().toLowerCase()),
}

describe.each(places)('On $name, a codec that only one config has', place => {
  const open = async (one: Codec | 'auto', other: Codec | 'auto') => {
    const prefix = `config-${randomUUID()}`
    const old = await openMember(place, { codec: one, prefix, grace: '1h' })
    const now = await openMember(place, { codec: other, prefix, grace: '1h', compression: { threshold: 64 } })
    return { old, now, told: eventTrace(now), toldOld: eventTrace(old) }
  }

  test('makes a miss of its values, and no error', async () => {
    const { old, now, told } = await open(backwards, 'auto')
    await old.set('a', ['old'])
    expect(await now.get('a')).toBeUndefined()
    expect(await now.getMany(['a'])).toEqual(new Map())
    expect(await now.lookup('a')).toMatchObject({ state: 'miss' })
    expect(told.lines('reason')).toContain('unusable reason=codec')
    expect(told.types()).not.toContain('store-error')
    // Reading it has changed nothing for those who have the codec.
    expect(await old.getOrSet('a', mustNotLoad)).toEqual(['old'])
  })

  test('is loaded once by those who lack it, for all of them', async () => {
    const { old, now, told, toldOld } = await open(backwards, 'auto')
    const load = vi.fn(() => ['new'])
    await old.set('a', ['old'])
    expect(await now.getOrSet('a', load)).toEqual(['new'])
    expect(load).toHaveBeenCalledOnce()
    expect(told.types()).toContain('commit')
    // What built-in codecs write all can read, so nobody replaces it again.
    if (!place.copies) expect(await old.getOrSet('a', mustNotLoad)).toEqual(['new'])
    expect(await now.getOrSet('a', mustNotLoad)).toEqual(['new'])
    expect(toldOld.types()).not.toContain('unusable')
  })

  test('has its values deleted, expired and invalidated by tag by those who lack it', async () => {
    const { old, now } = await open(backwards, 'auto')
    await old.set('a', ['old'])
    expect(await now.delete('a')).toBe(true)
    await isGone(place, old, 'a')
    await old.set('b', ['old'])
    expect(await now.expire('b')).toBe(true)
    expect(await old.lookup('b')).toMatchObject({ state: 'stale', value: ['old'] })
    await old.getOrSet('c', () => ['old'], { tags: ['t'] })
    expect(await now.deleteTags(['t'])).toBe(true)
    await isGone(place, old, 'c')
    await old.set('d', ['old'])
    expect(await now.set('d', ['new'])).toBe(true)
    await vi.waitFor(async () => expect(await old.get('d')).toEqual(['new']), { interval: 2 })
  })

  test('of each config, each with an id of its own, lets both load and neither read what is wrong', async () => {
    const { old, now, told, toldOld } = await open(backwards, shouted)
    let row = 0
    const loads = vi.fn(() => [`row ${row}`])
    for (row = 0; row < 3; row++) {
      for (const cache of [old, now, old, now])
        expect(await cache.getOrSet('a', loads)).toEqual([`row ${row}`])
      expect(await (row === 1 ? old : now).delete('a')).toBe(true)
      await isGone(place, old, 'a')
      await isGone(place, now, 'a')
    }
    const reasons = [...told.events, ...toldOld.events].filter(({ type }) => type === 'unusable')
    expect(reasons.length).toBeGreaterThan(0)
    for (const event of reasons) expect(event).toMatchObject({ reason: 'codec' })
    expect(told.types()).not.toContain('store-error')
  })
})
