import { afterEach, describe, expect, test } from 'vitest'
import { memcached, newPrefix, redis } from '../backends.js'
import { type BatchProcess, batchProcess, batchProcesses, troublesOf } from './batch-process.js'

const PROCESSES = 4
const ROUNDS = 5
/** Each process asks for so many items, of which all but a step are also asked for by the next. */
const ITEMS = 300
const STEP = 100
/** So often each process reads while another writes. */
const READS = 20
/** How long before their instant the processes are told of it, in ms. */
const NOTICE = 50

const TIMEOUT = 120_000

const itemsOf = (round: number, first: number, count: number) =>
  Array.from({ length: count }, (_, index) => `round-${round}-item-${first + index}`)

describe.each([redis, memcached])('on $name, processes that ask for many items', backend => {
  let processes: BatchProcess[] = []
  afterEach(async () => {
    await Promise.all(processes.splice(0).map(one => one.kill()))
  })

  test(
    `at once, each for ${ITEMS}, of which others ask for most: each is loaded once, and all get its value`,
    async () => {
      processes = await batchProcesses(backend, PROCESSES, { prefix: newPrefix() })
      for (let round = 0; round < ROUNDS; round++) {
        const asked = processes.map((_, index) => itemsOf(round, index * STEP, ITEMS))
        const at = Date.now() + NOTICE
        const answers = await Promise.all(processes.map((one, index) => one.ask(asked[index] ?? [], at)))
        const troubles = await troublesOf(processes)
        expect(answers, troubles).toEqual(asked.map(items => items.map(item => `${item} #1`)))
        const calls = await Promise.all(processes.map(one => one.calls()))
        const loaded = calls.flat(2).sort()
        expect(loaded, troubles).toEqual(itemsOf(round, 0, ITEMS + STEP * (PROCESSES - 1)).sort())
        // Each loads what it has claimed by one call; a process that was held up for long may need another.
        for (const ofProcess of calls) expect(ofProcess.length).toBeLessThanOrEqual(2)
        expect(troubles).toBe('')
      }
    },
    TIMEOUT,
  )

  test(
    'while another deletes them, never get what was loaded before a delete that had returned',
    async () => {
      const prefix = newPrefix()
      processes = await batchProcesses(backend, PROCESSES, { prefix })
      const [writer, ...readers] = processes as [BatchProcess, ...BatchProcess[]]
      const items = itemsOf(0, 0, 40)
      const readings = readers.map(one => one.read(items))
      const writing = writer.write(items)
      await Promise.all(readers.map(one => one.reading(READS)))
      await writer.stop()
      expect(await writing).toBeGreaterThan(READS)
      await Promise.all(readers.map(one => one.stop()))
      const outcomes = await Promise.all(readings)
      expect(outcomes.flatMap(({ wrong }) => wrong)).toEqual([])
      // They have loaded again what was deleted.
      const loaded = (await Promise.all(readers.map(one => one.calls()))).flat(2)
      expect(loaded.length).toBeGreaterThan(items.length)
    },
    TIMEOUT,
  )

  test(
    'of which one is killed while it loads some: the others wait for none of those before they load the rest',
    async () => {
      const options = { prefix: newPrefix(), options: { claimTtl: 3_000 } }
      const mortal = await batchProcess(backend, { ...options, hanging: true })
      processes.push(mortal)
      const survivors = await batchProcesses(backend, 2, options)
      processes.push(...survivors)
      const [lost, others] = [itemsOf(0, 0, 50), itemsOf(0, 50, 50)]
      const losing = mortal.ask(lost)
      await mortal.loading()
      const asking = survivors.map(one => one.ask([...lost, ...others]))
      await Promise.all(survivors.flatMap(one => lost.map(item => one.waiting(item))))
      // Somebody has loaded the others, while nobody has got anything yet.
      await expect
        .poll(async () => (await processes[1]?.ask(others)) ?? [])
        .toEqual(others.map(item => `${item} #1`))
      await mortal.kill()

      const answers = await Promise.all(asking)
      const troubles = await troublesOf(survivors)
      const expected = [...lost.map(item => `${item} #2`), ...others.map(item => `${item} #1`)]
      expect(answers, troubles).toEqual([expected, expected])
      expect(await losing).toEqual([])
      const calls = (await Promise.all(survivors.map(one => one.calls()))).flat()
      expect(calls.flat().sort(), troubles).toEqual([...lost, ...others].sort())
      const mixed = calls.filter(
        items => items.some(item => lost.includes(item)) && items.some(item => others.includes(item)),
      )
      expect(mixed).toEqual([])
      // What they took over they loaded together, as far as they looked for it at the same time.
      expect(calls.length, `${calls.map(items => items.length)}`).toBeLessThan(lost.length / 2)
    },
    TIMEOUT,
  )
})
