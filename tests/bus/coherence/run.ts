import type { Cache } from '@lookaside/core'
import { gate } from '../../behaviour/gate.js'
import { KEYS, type Step, TAGS } from './programs.js'
import { type Connections, openWorld, type Process } from './world.js'

/** A row of the simulated database. */
interface Row {
  readonly version: number
}

/** Where a key is, and what its value is tagged with. */
interface Place {
  readonly name: string
  readonly view: (cache: Cache) => Cache
  readonly tags: readonly string[]
  /** Whether the tags are known only from the value. */
  readonly computed: boolean
}

const TAG_NAMES = ['users', 'of team 7']

const PLACES: readonly Place[] = [
  { name: 'a', view: cache => cache, tags: ['users'], computed: false },
  // Digested on the wire, as its second tag is.
  { name: 'x'.repeat(300), view: cache => cache, tags: TAG_NAMES, computed: true },
  { name: 'a', view: cache => cache.namespace('n'), tags: ['users'], computed: false },
]

const place = (key: number) => PLACES[key % KEYS] as Place

/** Runs a program; resolves to the first stale hit, with all that led to it. */
export async function staleHit(
  program: readonly Step[],
  connections: Connections,
): Promise<string | undefined> {
  const { clock, processes, start } = await openWorld(connections)
  const database = PLACES.map(() => 0)
  const lines: string[] = []
  let violation: string | undefined
  let loads: { finish(): void; readonly finished: Promise<void> }[] = []

  const at = (index: number) => processes[index % processes.length] as Process

  /** A call that begins now must be answered with what the process knows to be the oldest version. */
  function judging(process: Process, key: number): (row: Row | undefined) => void {
    const oldest = process.knowledge.oldest(key)
    const began = lines.length
    return row => {
      if (row === undefined || row.version >= oldest) return
      violation ??= [`the call of ${began} is served ${row.version}, not ${oldest}`, ...lines].join('\n')
    }
  }

  function getOrSet(process: Process, key: number, until?: Promise<void>): Promise<Row> {
    const { name, view, tags, computed } = place(key)
    const load = async (): Promise<Row> => {
      const version = database[key] as number
      await until
      return { version }
    }
    return view(process.cache).getOrSet<Row>(name, load, { tags: computed ? () => tags : tags })
  }

  async function read(process: Process, key: number, by: 'getOrSet' | 'get' | 'getMany'): Promise<void> {
    const judge = judging(process, key)
    const { name, view } = place(key)
    const cache = view(process.cache)
    if (by === 'getOrSet') judge(await getOrSet(process, key))
    else if (by === 'get') judge(await cache.get<Row>(name))
    else judge((await cache.getMany<Row>([name])).get(name))
  }

  /** Commits writes to keys, and invalidates them. */
  async function write(process: Process, keys: readonly number[], tell: () => Promise<boolean>) {
    for (const key of keys) database[key] = (database[key] as number) + 1
    if (!(await tell())) throw new Error('the store takes everything')
    const { source, number } = process.told
    for (const key of keys) {
      const version = database[key] as number
      process.knowledge.mustSee(key, version)
      for (const other of processes) {
        if (other !== process) other.knowledge.willSee(key, version, source, number)
      }
    }
  }

  async function finishLoads(): Promise<void> {
    const all = loads
    loads = []
    for (const load of all) load.finish()
    await Promise.all(all.map(({ finished }) => finished))
  }

  async function disturb(index: number, by: (Step & { do: 'disturb' })['by']): Promise<void> {
    const process = at(index)
    const { faults } = process
    switch (by) {
      case 'refuse':
        faults.refuse?.(undefined, 1)
        return
      case 'hold':
        process.held = true
        faults.hold()
        return
      case 'release':
        process.held = false
        faults.release()
        return
      case 'kill':
        await finishLoads()
        faults.cut()
        processes[index % processes.length] = start()
        return
      default:
        faults[by]()
    }
  }

  async function take(step: Step): Promise<void> {
    switch (step.do) {
      case 'read':
        return read(at(step.process), step.key, step.by)
      case 'begin a load': {
        const process = at(step.process)
        const { passed, open } = gate()
        const judge = judging(process, step.key)
        loads.push({ finish: open, finished: getOrSet(process, step.key, passed).then(judge) })
        return
      }
      case 'finish the loads':
        return finishLoads()
      case 'write': {
        const process = at(step.process)
        const { name, view, tags } = place(step.key)
        const cache = view(process.cache)
        return write(process, [step.key], () => {
          const version = database[step.key] as number
          if (step.by === 'set') return cache.set(name, { version }, { tags })
          return step.by === 'deleteMany' ? cache.deleteMany(['other', name]) : cache[step.by](name)
        })
      }
      case 'write what is tagged': {
        const process = at(step.process)
        const tag = TAG_NAMES[step.tag % TAGS] as string
        // Those of the namespace are others.
        const keys = PLACES.flatMap(({ tags }, key) => (key < 2 && tags.includes(tag) ? [key] : []))
        return write(process, keys, () => process.cache[step.by]([tag]))
      }
      case 'write everything': {
        const process = at(step.process)
        const whole = step.within === 'the root'
        const cache = whole ? process.cache : process.cache.namespace('n')
        return write(process, whole ? [0, 1, 2] : [2], () => cache.clear())
      }
      case 'let time pass':
        return clock.advance(step.ms)
      case 'disturb':
        return disturb(step.process, step.by)
    }
  }

  async function proceed(): Promise<void> {
    await clock.advance(0)
    if (connections.bus === 'messages') return
    // The server tells of everything at once.
    for (const { held, knowledge } of processes) if (!held) knowledge.knowsAll()
  }

  for (const step of program) {
    lines.push(`${lines.length + 1}: ${JSON.stringify(step)}`)
    await take(step)
    await proceed()
  }
  await finishLoads()
  for (const process of processes) {
    process.held = false
    process.faults.heal()
  }
  await clock.advance(5_000)
  await proceed()
  lines.push('everything is healed, and each reads each')
  for (const process of processes) {
    for (const key of PLACES.keys()) await read(process, key, 'getOrSet')
  }
  return violation
}
