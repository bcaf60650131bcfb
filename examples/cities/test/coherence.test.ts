import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Agreement } from '../src/agreement.js'
import { backend } from '../src/backends.js'
import { coherenceChecks } from '../src/checks.js'
import { type Coherence, coherence, type InMode } from '../src/coherence.js'
import { showCoherence } from '../src/coherence-report.js'
import { type Database, openDatabase } from '../src/database.js'
import { loadCities } from '../src/load.js'
import { cityQueries } from '../src/queries.js'
import { startProcess } from '../src/start-process.js'
import { printed } from './printed.js'

const REYKJAVIK = 3413829

let database: Database
let seen: Coherence
beforeAll(async () => {
  database = await openDatabase()
  await loadCities(database, { countries: ['IS'] })
  seen = await coherence(database, backend('tiered', inject('redisUrl')), `coherence-${randomUUID()}`)
}, 60_000)
afterAll(() => database.close())

function inMode(mode: InMode['mode']): InMode {
  const found = seen.modes.find(each => each.mode === mode)
  if (found === undefined) throw new Error(`nothing seen with ${mode}`)
  return found
}

const agreed = { held: true, agrees: true }

describe.each(['pubsub', 'tracking'] as const)(
  'two processes of the service with the bus in mode %s',
  mode => {
    test('answer from their own memory without I/O', () => {
      const { asked, took } = inMode(mode)
      expect(asked).toBe(150)
      expect(took).toEqual({ localHits: 150, roundTrips: 0, queries: 0, storeErrors: 0 })
    })

    test('show what was written to the other, by key and by tag', () => {
      const { byKey, byTag } = inMode(mode)
      expect(byKey).toEqual(byKey.map(() => expect.objectContaining(agreed)))
      expect(byTag).toEqual(byTag.map(() => expect.objectContaining(agreed)))
      expect([byKey.length, byTag.length]).toEqual([8, 3])
    })
  },
)

test('with tracking a plain DEL reaches them as well', () => {
  expect(inMode('tracking').plainDelete).toMatchObject(agreed)
  expect(inMode('pubsub').plainDelete).toBeUndefined()
})

test('they are gone in the end, and the database is as it was', async () => {
  expect(seen.pids).toHaveLength(2)
  for (const pid of seen.pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  expect(await cityQueries(database).city(REYKJAVIK)).toMatchObject({ population: 118_918 })
})

test('every check of the demo holds', () => {
  expect(coherenceChecks(seen).filter(({ holds }) => !holds)).toEqual([])
})

test('the checks of the demo fail for I/O, for an old answer, and for a memory that held nothing', () => {
  const failedFor = (change: Partial<InMode>) =>
    coherenceChecks({ ...seen, modes: [{ ...inMode('tracking'), ...change }] })
      .filter(({ holds }) => !holds)
      .map(({ what }) => what)
  const { took } = inMode('tracking')
  const wrong: Agreement = { held: false, agrees: false, oldAnswers: 9, ms: 5_000 }
  expect(failedFor({ took: { ...took, localHits: 149 } })).toEqual([
    'tracking: B answers 149 of 150 times from memory',
  ])
  expect(failedFor({ took: { ...took, roundTrips: 1 } })).toEqual([
    'tracking: that takes no I/O, not 1 round trips and 0 queries',
  ])
  for (const [change, when] of [
    [{ byKey: [wrong] }, 'a write to A, by key,'],
    [{ byTag: [wrong] }, 'a write to A, by tag,'],
    [{ plainDelete: wrong }, 'a plain DEL'],
  ] as const) {
    expect(failedFor(change)).toEqual([
      `tracking: after ${when} B shows what was written`,
      `tracking: after ${when} it was the memory of B that had to learn of it`,
    ])
  }
  expect(failedFor({ byKey: [] })).toHaveLength(1)
  expect(
    coherenceChecks({ pids: [process.pid, process.pid], modes: [] }).filter(({ holds }) => !holds),
  ).toHaveLength(1)
})

test('what was measured is shown, each mode in its column', () => {
  const lines = printed(() => showCoherence(seen)).map(line =>
    line.replace(/[\d.]+ m?s\b/g, 'N').replace(/ +/g, ' '),
  )
  expect(lines).toEqual([
    '',
    '5 Two processes, one Redis',
    ` Processes ${seen.pids.join(' and ')}, A and B, are this service with cache.config.tiered.mjs, once with`,
    ' BUS_MODE=pubsub and once with BUS_MODE=tracking. B answers from its memory without I/O, until the',
    ' bus tells it of a write by A. Times are medians, from the end of a write to when B, asked over',
    ' HTTP, knows better.',
    '',
    ' pubsub tracking',
    ' B asked again, answers from memory 150 of 150 150 of 150',
    ' round trips to Redis for that 0 0',
    ' A writes: B shows /cities/3413829 N at most N N at most N',
    ' and /countries/IS, by tag country:IS N at most N N at most N',
    expect.stringMatching(/^ old answers after the write \d+ in 11 writes \d+ in 11 writes$/),
    ' a plain client: UPDATE, then DEL – N',
    '',
  ])
})

test('a write that was never seen is shown as such', () => {
  const never: Agreement = { held: true, agrees: false, oldAnswers: 9, ms: 5_000 }
  const lines = printed(() => showCoherence({ ...seen, modes: [{ ...inMode('tracking'), byKey: [never] }] }))
  expect(lines.join('\n')).toMatch(/B shows \/cities\/3413829 +never/)
})

test('without a Redis the scene says so, and has nothing to check', () => {
  expect(printed(() => showCoherence(undefined))).toEqual([
    '',
    '5  Two processes, one Redis',
    '   Left out: it takes a Redis, which is not here.',
    '',
  ])
  expect(coherenceChecks(undefined)).toEqual([])
})

test('a process that cannot start says why', async () => {
  await expect(startProcess(database, backend('tiered', 'memory:'), 'a')).rejects.toThrow(
    /^another process of the service did not start: .*cache\.config\.tiered\.mjs: remote\.url: expected a URL redis:/,
  )
})
