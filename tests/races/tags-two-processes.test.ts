import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, memcached, newPrefix, openCache, redis } from '../backends.js'
import { deletePlainly } from './plain-client.js'
import { type Invalidation, type TaggingProcess, taggingProcess, type Way } from './tagging-process.js'

const ways: readonly Way[] = ['named', 'computed', 'set']
describe.each([redis, memcached])('Between processes on $name', (backend: Backend) => {
  const prefix = newPrefix()
  const processes: TaggingProcess[] = []

  beforeAll(async () => {
    // The last one has no guard: its loads go on beside those of others.
    const guards = [true, true, false]
    processes.push(
      ...(await Promise.all(guards.map(guarded => taggingProcess(backend, { prefix, guarded })))),
    )
  })

  afterAll(() => Promise.all(processes.map(process => process.kill())))

  describe.each([
    { called: 'the stampede guard', first: 0, second: 2 },
    { called: 'no guard', first: 2, second: 0 },
  ])('a reader with $called', ({ first, second }) => {
    const pair = () => [processes[first], processes[second]] as [TaggingProcess, TaggingProcess]

    /** Invalidates a tag while the reader loads a row that has it. */
    async function overtake(
      way: Way,
      invalidate: (writer: TaggingProcess) => Promise<unknown>,
    ): Promise<void> {
      const [reader, writer] = pair()
      const row = randomUUID()
      const reading = reader.load(way, row)
      await reader.loading(row)
      await invalidate(writer)
      reader.answer(row, 'old')
      expect(await reading).toBe('old')
      expect(await reader.get(row)).toBeUndefined()
      expect(await writer.get(row)).toBeUndefined()
      expect(await writer.fill(way, row, 'new')).toBe('new')
      expect(await reader.get(row)).toBe('new')
    }

    test.each(ways.flatMap(way => (['deleteTags', 'expireTags'] as const).map(how => [way, how] as const)))(
      'whose load, with a tag that is %s, is overtaken by %s, never makes it fresh',
      (way, how) => overtake(way, writer => writer.invalidate(how)),
    )

    test.each(ways)('nor one with a tag that is %s whose token any program has deleted', way =>
      overtake(way, async () => {
        await deletePlainly(backend, `${prefix}:#epoch:`)
        await deletePlainly(backend, `${prefix}:#tag:rows`)
      }),
    )

    test('finds nothing any more of what it has stored once another has deleted the tag', async () => {
      const [reader, writer] = pair()
      const rows = ways.map(way => ({ way, row: randomUUID() }))
      for (const { way, row } of rows) expect(await reader.fill(way, row, 'first')).toBe('first')
      for (const { row } of rows) expect(await writer.get(row)).toBe('first')
      expect(await writer.invalidate('deleteTags')).toBe(true)
      for (const { row } of rows) {
        expect(await reader.get(row)).toBeUndefined()
        expect(await writer.get(row)).toBeUndefined()
      }
    })
  })

  let version = 0

  test.each<{ way: Way; how: Invalidation; rounds: number }>([
    { way: 'named', how: 'deleteTags', rounds: 30 },
    { way: 'computed', how: 'deleteTags', rounds: 30 },
    { way: 'set', how: 'expireTags', rounds: 30 },
    // On memcached each takes a second.
    { way: 'computed', how: 'clear', rounds: 3 },
  ])(
    'crowds that read rows with a tag that is $way see nothing older than the last $how that has resolved',
    async ({ way, how, rounds }) => {
      // A neighbour that nothing of this concerns.
      const neighbour = openCache(backend, { prefix: `${prefix}-neighbour` })
      await neighbour.set('row', 'spared', { tags: ['rows'] })
      for (const process of processes) await process.start(way, 8, 6)
      for (let round = 0; round < rounds; round++) {
        version++
        await Promise.all(processes.map(process => process.commit(version)))
        const writer = processes[round % processes.length] as TaggingProcess
        expect(await writer.invalidate(how)).toBe(true)
        await Promise.all(processes.map(process => process.expect(version)))
        await pause(Math.random() * 20)
      }
      for (const { reads, loads, outdated } of await Promise.all(processes.map(process => process.stop()))) {
        expect(outdated).toEqual([])
        // Otherwise nothing was cached, and this would show nothing.
        expect(reads).toBeGreaterThan(loads)
      }
      expect(await neighbour.get('row')).toBe('spared')
    },
    60_000,
  )
})
