import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { InvalidationLog } from '../src/invalidation/invalidation-log.js'
import { rootSpace } from '../src/keys/key.js'
import { type LocalTagged, LocalTags } from '../src/tags/local-tags.js'
import { localTierTags } from '../src/tags/local-tier-tags.js'
import { validity } from '../src/tags/token.js'
import { LocalEntry } from '../src/tiers/local-entry.js'

const space = rootSpace('app')
const address = { key: 'k', at: 'k', space }
const plan = { named: [], computed: true, framed: true, lifetime: 1 }

function entryWith(tags: LocalTags, ...tagged: readonly LocalTagged[]): LocalEntry {
  return new LocalEntry({
    value: 1,
    createdAt: 0,
    loadTime: 0,
    staleAt: 1,
    deleteAt: 1,
    schemaVersion: 0,
    schema: undefined,
    checkable: false,
    tags: tags.setOf(tagged),
    trustedUntil: 1,
  })
}

describe('the tags of a local store', () => {
  test('make dead or stale what has them, and leave alone what is tagged afterwards', () => {
    const tags = new LocalTags()
    const before = entryWith(tags, tags.tagged('a', 'at:a'), tags.tagged('b', 'at:b'))
    const other = entryWith(tags, tags.tagged('b', 'at:b'))
    expect(before.validity(tags)).toBe('valid')
    tags.invalidate('expire', 'at:a')
    expect(before.validity(tags)).toBe('stale')
    const after = entryWith(tags, tags.tagged('a', 'at:a'))
    tags.invalidate('delete', 'at:b')
    expect([before, other, after].map(entry => entry.validity(tags))).toEqual(['dead', 'dead', 'valid'])
  })

  test('are asked again only after one of them was invalidated', () => {
    const tags = new LocalTags()
    const entry = entryWith(tags, tags.tagged('a', 'at:a'))
    entry.validity(tags)
    expect(entry.tags?.isValidAt(tags.epoch)).toBe(true)
    tags.invalidate('delete', 'nobody has it')
    expect(entry.tags?.isValidAt(tags.epoch)).toBe(false)
    expect(entry.validity(tags)).toBe('valid')
    tags.invalidate('delete', 'at:a')
    expect(entry.validity(tags)).toBe('dead')
    expect(entry.validity(tags)).toBe('dead')
  })

  test('cost an entry without tags nothing', () => {
    const tags = new LocalTags()
    const entry = entryWith(tags)
    tags.invalidate('delete', 'at:a')
    expect(entry.validity(tags)).toBe('valid')
    expect(entry.tags).toBeUndefined()
  })

  test('are one object for all entries that were loaded under the same ones, at the same state', () => {
    const tags = new LocalTags()
    const [a, b] = [() => tags.tagged('a', 'at:a'), () => tags.tagged('b', 'at:b')]
    const first = tags.setOf([a(), b()])
    expect(tags.setOf([a(), b()])).toBe(first)
    expect(tags.setOf([a()])).not.toBe(first)
    expect(tags.setOf([tags.tagged('a', 'in another namespace:a'), b()])).not.toBe(first)
    const again = tags.setOf([a(), b()])
    tags.invalidate('expire', 'at:b')
    const later = tags.setOf([a(), b()])
    expect(later).not.toBe(again)
    expect([first, again, later].map(set => set?.validity(tags))).toEqual(['stale', 'stale', 'valid'])
  })

  test('are shared by the sets of the latest thousand, so that memory is bounded', () => {
    const tags = new LocalTags()
    const set = (name: string) => tags.setOf([tags.tagged(name, `at:${name}`)])
    const first = set('first')
    for (let index = 0; index < 1_000; index++) set(`tag ${index}`)
    const second = set('first')
    expect(second).not.toBe(first)
    expect(set('first')).toBe(second)
  })

  test('are remembered as long as an entry has them, and not longer', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const tags = new LocalTags()
    const kept = tags.tagged('kept', 'at:kept')
    const forgotten = new WeakRef(tags.state('at:forgotten'))
    for (let turn = 0; turn < 50 && forgotten.deref() !== undefined; turn++) {
      await setImmediate()
      collect()
    }
    expect(forgotten.deref()).toBeUndefined()
    expect(tags.state('at:kept')).toBe(kept.state)
    tags.invalidate('delete', 'at:forgotten')
    tags.invalidate('delete', 'at:kept')
    expect(validity(kept.token, kept.state)).toBe('dead')
    expect(validity(tags.tagged('new', 'at:forgotten').token, tags.state('at:forgotten'))).toBe('valid')
  })
})

describe('the tags of a load into a local store', () => {
  function opened() {
    const tier = localTierTags({
      tags: new LocalTags(),
      log: new InvalidationLog(),
      digested: new Map(),
      markers: new Map(),
    })
    const invalidate = (...names: string[]) => tier.invalidate('delete', { space, names, lifetime: 1 })
    return { tier, invalidate }
  }

  test('that nobody could know of are overtaken by an invalidation meanwhile, and by no other', async () => {
    const { tier, invalidate } = opened()
    await invalidate('a')
    const before = await tier.before(address, plan, undefined)
    expect(await tier.after(before, ['a'], 1)).toMatchObject([{ name: 'a' }])
    await invalidate('b')
    expect(await tier.after(before, ['a'], 1)).toMatchObject([{ name: 'a' }])
    expect(await tier.after(before, ['a', 'b'], 1)).toBe('overtaken')
  })

  test('that were named carry the token of before, and are found out by whoever reads', async () => {
    const { tier, invalidate } = opened()
    const before = await tier.before(address, { ...plan, named: ['a'] }, undefined)
    await invalidate('a')
    const tagged = (await tier.after(before, ['a'], 1)) as readonly LocalTagged[]
    expect(tagged.map(({ token, state }) => validity(token, state))).toEqual(['dead'])
    expect(await tier.areCurrent(address, tagged)).toBe(false)
  })
})
