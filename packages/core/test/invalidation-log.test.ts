import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InvalidationLog } from '../src/invalidation/invalidation-log.js'

test('the log tells what was invalidated since a moment, and what was not', () => {
  const log = new InvalidationLog()
  log.note('before')
  const since = log.now
  expect(log.hasSince('a', since)).toBe(false)
  log.note('a')
  expect(log.hasSince('a', since)).toBe(true)
  expect(log.hasSince('before', since)).toBe(false)
  expect(log.hasSince('a', log.now)).toBe(false)
})

test('once everything was invalidated, everything counts that began before', () => {
  const log = new InvalidationLog()
  const since = log.now
  log.noteAll()
  expect(log.hasSince('never named', since)).toBe(true)
  expect(log.hasSince('never named', log.now)).toBe(false)
})

test('the log never says that something was not invalidated which was', () => {
  const names = ['a', 'b', 'c', 'd']
  const step = fc.constantFrom('note', 'noteAll', 'begin')
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.nat(3)), { maxLength: 60 }), steps => {
      const log = new InvalidationLog()
      const begun: { since: number; meanwhile: Set<string> }[] = []
      for (const [what, index] of steps) {
        const name = names[index] as string
        if (what === 'begin') begun.push({ since: log.now, meanwhile: new Set() })
        else if (what === 'note') log.note(name)
        else log.noteAll()
        for (const { meanwhile } of what === 'begin' ? [] : begun) {
          for (const each of what === 'note' ? [name] : names) meanwhile.add(each)
        }
      }
      for (const { since, meanwhile } of begun) {
        for (const name of names) expect(log.hasSince(name, since)).toBe(meanwhile.has(name))
      }
    }),
  )
})

test('what it has forgotten counts as invalidated, for those who began before', () => {
  const log = new InvalidationLog()
  log.note('oldest')
  const early = log.now
  for (let count = 0; count < 10_000; count++) log.note(`${count}`)
  const late = log.now
  log.note('one more')
  expect(log.hasSince('oldest', 0)).toBe(true)
  expect(log.hasSince('never named', early)).toBe(true)
  expect(log.hasSince('never named', late)).toBe(false)
  expect(log.hasSince('9999', late)).toBe(false)
  expect(log.hasSince('one more', late)).toBe(true)
})

test('it keeps what was invalidated again and again, however often', () => {
  const log = new InvalidationLog()
  log.note('a')
  const since = log.now
  for (let count = 0; count < 30_000; count++) log.note('hot')
  expect(log.hasSince('a', since)).toBe(false)
  expect(log.hasSince('never named', since)).toBe(false)
  expect(log.hasSince('hot', since)).toBe(true)
})
