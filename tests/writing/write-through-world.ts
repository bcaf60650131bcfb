import { type Cache, writeThrough } from '@lookaside/core'
import type { ManualClock } from '@lookaside/testing'
import fc from 'fast-check'
import type { Turn } from '../races/simulation/scheduled-store.js'

/** How a write ends; one that dies never does, and its commit may land later. */
type Ending = 'returns' | 'rejects' | 'commits and rejects' | 'dies' | 'commits and dies'

type Step =
  /** `delay`: how many turns the commit of one who dies is on its way when its process is no more. */
  | { readonly do: 'write'; readonly ending: Ending; readonly delay: number }
  | { readonly do: 'get' | 'getOrSet' | 'refresh' | 'delete' }
  | { readonly do: 'let time pass'; readonly ms: number }

/** Somebody who does one thing after the other. */
export interface Actor {
  readonly cache: number
  readonly steps: readonly Step[]
}

/** What the database has, and so what is cached of it; the higher the version, the later its commit. */
interface Row {
  readonly version: number
}

/** What a program runs with; the variants that must fail have a `write` of their own. */
export interface World {
  readonly caches: readonly Cache[]
  /** Processes that die in the database: their clocks stand still, so that nothing of theirs is renewed. */
  readonly mortals: readonly Cache[]
  readonly clock: ManualClock
  readonly turn: Turn
  readonly write?: typeof writeThrough
}

const KEY = 'row'
export const CLAIM_TTL = 100

const REJECTED = new Error('the connection was lost')

/** Runs a program, and says what was served that should not have been; `undefined` where nothing was. */
export async function violationOf(program: readonly Actor[], world: World): Promise<string | undefined> {
  const { caches, mortals, clock, turn, write = writeThrough } = world
  let version = 0
  /** The latest version whose write is over. */
  let floor = 0
  let violation: string | undefined
  const ghosts: Promise<unknown>[] = []

  async function commit(delay = 0): Promise<Row> {
    for (let turns = 0; turns < delay; turns++) await turn('the write is on its way')
    await turn('the write arrives')
    version++
    return { version }
  }

  async function writeRow(cache: number, { ending, delay }: Step & { do: 'write' }): Promise<void> {
    const dies = ending.endsWith('dies')
    const through = (dies ? mortals : caches)[cache] as Cache
    let committed = 0
    let ended: () => void = () => {}
    const died = new Promise<void>(resolve => {
      ended = resolve
    })
    const query = async () => {
      if (dies) {
        if (ending === 'commits and dies') {
          const ghost = commit(delay)
          ghosts.push(ghost)
          if (delay === 0) await ghost
        }
        ended()
        return new Promise<Row>(() => {})
      }
      if (ending !== 'rejects') committed = (await commit()).version
      await turn('the write is answered')
      if (ending !== 'returns') throw REJECTED
      return { version: committed }
    }
    const writing = write<unknown, unknown, Row>(through, KEY, (row: Row) => row, query)
    await Promise.race([died, writing.catch(() => {})])
    floor = Math.max(floor, committed)
  }

  /** A read that begins now must not be served what was written before anything that is over by now. */
  async function read(how: string, reading: Promise<Row | undefined>): Promise<void> {
    const least = floor
    const row = await reading
    if (row !== undefined && row.version < least) {
      violation ??= `${how} is served version ${row.version} though the write of ${least} was over before`
    }
  }

  async function load(): Promise<Row> {
    await turn('the query arrives')
    const row = { version }
    await turn('the query is answered')
    return row
  }

  async function take(step: Step, cache: Cache, own: number): Promise<void> {
    switch (step.do) {
      case 'write':
        return writeRow(own, step)
      case 'get':
        return read('get', cache.get<Row>(KEY))
      case 'getOrSet':
        return read('getOrSet', cache.getOrSet(KEY, load))
      case 'refresh':
        return read('a refresh', cache.getOrSet(KEY, load, { refresh: true }))
      case 'delete':
        return void (await cache.delete(KEY))
      case 'let time pass':
        return clock.advance(step.ms)
    }
  }

  async function act({ cache, steps }: Actor): Promise<void> {
    for (const step of steps) {
      await turn('the next step')
      await take(step, caches[cache] as Cache, cache)
    }
  }

  await Promise.all(program.map(act))
  await Promise.all(ghosts)
  // By then the markers of the dead have expired.
  await clock.advance(CLAIM_TTL)
  for (const cache of caches) {
    const row = await cache.get<Row>(KEY)
    if (row !== undefined && row.version !== version) {
      violation ??= `in the end version ${row.version} is cached, and the database has ${version}`
    }
    await read('getOrSet in the end', cache.getOrSet(KEY, load))
  }
  return violation
}

const reads: fc.Arbitrary<Step> = fc.record({ do: fc.constantFrom('get', 'getOrSet', 'getOrSet') })

const write = (delays: readonly number[], ...endings: Ending[]): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant('write'),
    ending: fc.constantFrom(...endings),
    delay: fc.constantFrom(...delays),
  })

const actorsOf = (step: fc.Arbitrary<Step>, caches: number): fc.Arbitrary<Actor> =>
  fc.record({ cache: fc.nat({ max: caches - 1 }), steps: fc.array(step, { minLength: 1, maxLength: 4 }) })

/** Writers who overlap as they like, none of whom dies, and others who read, refresh and delete. */
export function overlapping(caches: number): fc.Arbitrary<readonly Actor[]> {
  const meddling: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constantFrom('refresh' as const, 'delete' as const) }),
    fc.record({ do: fc.constant('let time pass' as const), ms: fc.constantFrom(CLAIM_TTL / 2, CLAIM_TTL) }),
  )
  const step = fc.oneof(
    { arbitrary: write([0], 'returns', 'returns', 'returns', 'rejects', 'commits and rejects'), weight: 4 },
    { arbitrary: reads, weight: 4 },
    { arbitrary: meddling, weight: 1 },
  )
  return fc.array(actorsOf(step, caches), { minLength: 2, maxLength: 5 })
}

/**
 * One who writes again and again, and dies now and then in the middle of it, while others read.
 *
 * The commit of the last one to die may land later: before another write has ended nobody stores anything.
 */
export function dying(caches: number): fc.Arbitrary<readonly Actor[]> {
  const writer = actorsOf(write([0], 'returns', 'commits and rejects', 'dies', 'commits and dies'), caches)
  const last = write([0, 5, 20], 'returns', 'commits and dies')
  const readers = fc.array(actorsOf(reads, caches), { minLength: 1, maxLength: 3 })
  return fc
    .tuple(writer, last, readers)
    .map(([{ cache, steps }, end, others]) => [{ cache, steps: [...steps, end] }, ...others])
}
