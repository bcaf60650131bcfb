import { expect, test } from 'vitest'
import { type Backend, backend } from '../src/backends.js'
import { visitChecks } from '../src/checks.js'
import { GRACEFUL, GUARDED, type Herd, type Moment, type Protection, UNGUARDED } from '../src/herd.js'
import type { Herds } from '../src/herds.js'
import { showSideBySide, type Visit } from '../src/report.js'
import { QUESTIONS, type Timing } from '../src/tour.js'
import { printed } from './printed.js'

const URL = 'redis://127.0.0.1:6379'
const ALL = [
  backend('memory'),
  backend('Redis', URL),
  backend('memcached', 'memcached://127.0.0.1'),
  backend('tiered', URL),
  backend('off'),
]

function timingsOf({ keeps, local }: Backend): Timing[] {
  return QUESTIONS.map(({ route, work }) => ({
    route,
    work,
    cold: 250,
    warm: keeps ? 2.5 : 250,
    coldRequests: 3,
    coldQueries: 3,
    warmRequests: keeps ? 90 : 3,
    warmQueries: keeps ? 0 : 3,
    warmLocal: local ? 90 : 0,
    same: true,
  }))
}

function visitOf(here: Backend): Visit {
  const seen = ['a', 'b'].map(path => ({
    path,
    tags: ['country:IS'],
    before: 1,
    after: 2,
    expected: 2,
    gone: true,
  }))
  const others = here.keeps ? [{ path: 'c', kept: true }] : []
  const races = [true, false].map(fresh => ({ contender: '', database: 2, nextRead: fresh ? 2 : 1, fresh }))
  return {
    backend: here,
    timings: timingsOf(here),
    write: { seen, others, cached: here.keeps ? 3 : 0 },
    races: here.keeps ? races : races.slice(0, 1),
  }
}

function herdsOf(here: Backend): Herds {
  const moment = (when: Moment['when'], queries: number, longest: number): Moment => ({
    when,
    callers: 18,
    right: 18,
    queries,
    stored: 1,
    waited: queries,
    median: 1,
    longest,
  })
  const herd = (protection: Protection, queries: number, longest: number): Herd => ({
    protection,
    moments: here.keeps
      ? [moment('nothing is cached', queries, 999), moment('it expires', queries, longest)]
      : [moment('nothing is cached', 18, 900)],
    storeErrors: 0,
    longestStall: 0,
  })
  return {
    backend: here,
    caches: 1,
    queryTime: 50,
    herds: [herd(UNGUARDED, 12, 500), herd(GUARDED, 1, 20), herd(GRACEFUL, 1, 2)],
  }
}

test('all five stand side by side in 80 columns', () => {
  const lines = printed(() => showSideBySide(ALL.map(visitOf), ALL.map(herdsOf)))
  const table = lines.slice(5, -1)
  expect(Math.max(...table.map(line => line.length))).toBeLessThanOrEqual(80)
  expect(table.map(line => line.trim().split(/ {2,}/))).toEqual([
    ['memory', 'Redis', 'memcached', 'tiered', 'off'],
    ...QUESTIONS.flatMap(({ route }) => [
      [route, '2.50 ms', '2.50 ms', '2.50 ms', '2.50 ms', '250 ms'],
      ['times faster', '100×', '100×', '100×', '100×', '–'],
    ]),
    ['queries, warm', '0 %', '0 %', '0 %', '0 %', '100 %'],
    ['answers from memory', '100 %', '0 %', '0 %', '100 %', '0 %'],
    ['write is seen in', '2 of 2', '2 of 2', '2 of 2', '2 of 2', '2 of 2'],
    ['gone with one tag', '2', '2', '2', '2', '–'],
    ['others, still cached', '1 of 1', '1 of 1', '1 of 1', '1 of 1', '–'],
    ['race, lookaside', 'fresh', 'fresh', 'fresh', 'fresh', 'fresh'],
    ['race, plain client', 'stale', 'stale', 'stale', 'stale', '–'],
    ['herd, guard: false', '24', '24', '24', '24', '18'],
    ['herd, stampedeGuard()', '2', '2', '2', '2', '18'],
    ['herd, with grace: 1m', '2', '2', '2', '2', '18'],
    ['wait, guard: false', '500 ms', '500 ms', '500 ms', '500 ms', '900 ms'],
    ['wait, stampedeGuard()', '20.0 ms', '20.0 ms', '20.0 ms', '20.0 ms', '900 ms'],
    ['wait, with grace: 1m', '2.00 ms', '2.00 ms', '2.00 ms', '2.00 ms', '900 ms'],
  ])
})

test.each(ALL)('the checks of the demo hold for $name as it should be, and fail for another cache', here => {
  const failedFor = (change: Partial<Timing>) =>
    visitChecks({ ...visitOf(here), timings: timingsOf(here).map(timing => ({ ...timing, ...change })) })
      .filter(({ holds }) => !holds)
      .map(({ what }) => what)
  const every = (what: string) =>
    QUESTIONS.map(({ route }) => `${here.name}: ${what.replace('ROUTE', route)}`)
  expect(failedFor({})).toEqual([])
  expect(failedFor({ same: false })).toEqual(every('a warm ROUTE gives the cold answer'))
  expect(failedFor({ coldQueries: 2 })).toEqual(every('a cold ROUTE asks the database'))
  expect(failedFor({ warmQueries: 1 })).toEqual(
    every(here.keeps ? 'a warm ROUTE asks the database nothing' : 'ROUTE asks the database each time'),
  )
  expect(failedFor({ warmLocal: 1 })).toEqual(
    every(
      here.local
        ? 'a warm ROUTE is answered from memory, not 1 of 90'
        : 'no ROUTE is answered from memory, not 1',
    ),
  )
})
