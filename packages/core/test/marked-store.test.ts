import { beforeEach, expect, test } from 'vitest'
import { mapStore } from '../../testing/test/map-store.js'
import { systemClock } from '../src/clock.js'
import { LocalEntry } from '../src/tiers/local-entry.js'
import { MarkedStore, type Markers } from '../src/tiers/marked-store.js'
import type { LocalStore } from '../src/tiers/store.js'

const LATER = 10_000

let now: number
let local: LocalStore
let markers: Markers
let store: MarkedStore

beforeEach(() => {
  now = 1_000
  markers = new Map()
  local = mapStore()
  store = new MarkedStore(local, markers, { ...systemClock, now: () => now })
})

function entryUntil(deleteAt: number): LocalEntry {
  return new LocalEntry({
    value: {},
    createdAt: deleteAt,
    loadTime: 0,
    staleAt: deleteAt,
    deleteAt,
    schemaVersion: 0,
    schema: undefined,
    checkable: true,
    tags: undefined,
    trustedUntil: Number.POSITIVE_INFINITY,
  })
}

test('a key has a marker or an entry, never both', () => {
  const [value, marker, next] = [entryUntil(LATER), entryUntil(LATER), entryUntil(LATER)]
  store.set('a', value)
  store.mark('a', marker)
  expect(store.get('a')).toBe(marker)
  expect(local.get('a')).toBeUndefined()
  store.set('a', next)
  expect(store.get('a')).toBe(next)
  expect(markers.has('a')).toBe(false)
})

test('a marker is deleted and cleared like an entry', () => {
  store.mark('a', entryUntil(LATER))
  expect(store.delete('a')).toBe(true)
  expect(store.delete('a')).toBe(false)
  for (const at of ['a:1', 'a:2', 'b:1']) store.mark(at, entryUntil(LATER))
  store.set('a:3', entryUntil(LATER))
  store.clear('a:')
  expect([...markers.keys()]).toEqual(['b:1'])
  expect(local.size).toBe(0)
  store.clear('')
  expect(markers.size).toBe(0)
})

test('markers that were left to expire do not pile up, and those that hold are kept', () => {
  for (let index = 0; index < 40; index++) store.mark(`held:${index}`, entryUntil(LATER))
  for (let index = 0; index < 10_000; index++) {
    store.mark(`left:${index}`, entryUntil(now + 5))
    now++
    if (now < LATER) expect(markers.size).toBeLessThan(40 + 64)
  }
  expect(now).toBeGreaterThan(LATER)
  now = LATER - 1
  for (let index = 0; index < 64; index++) store.mark(`more:${index}`, entryUntil(LATER))
  expect(markers.size).toBeGreaterThanOrEqual(64)
})
