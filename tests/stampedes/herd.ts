import { type Backend, newPrefix } from '../backends.js'
import {
  type Answers,
  type Crowd,
  type CrowdProcess,
  type CrowdProcessOptions,
  crowdProcess,
  type Load,
} from './crowd-process.js'

/** What came of sending a crowd to a key. */
export interface Outcome {
  readonly key: string
  /** Loads by the counter in the server, since the key exists. */
  readonly loads: number
  /** Loads by the processes' own count that have ended since they were asked last. */
  readonly ended: number
  /** The most of these that ran at the same time. */
  readonly atOnce: number
  /** How many callers, of all processes, got which answer. */
  readonly answers: Answers
}

/** Processes whose crowds come together. */
export interface Herd {
  readonly processes: readonly CrowdProcess[]
  /** Sends every process' crowd to the keys at one instant, and tells for each key what came of it. */
  run(keys: readonly string[], crowd: Crowd): Promise<Outcome[]>
  /** What the processes told of errors and the like since they were asked last. */
  troubles(): Promise<string>
  kill(): Promise<void>
}

/** How long before their instant the processes are told of it, in ms. */
const NOTICE = 20

/** Starts so many processes on the same data; whoever starts them kills them. */
export async function startHerd(
  backend: Backend,
  size: number,
  options: Partial<CrowdProcessOptions> = {},
): Promise<Herd> {
  const own = { prefix: newPrefix(), guarded: true, loadTime: 200, ...options }
  const starting = await Promise.allSettled(Array.from({ length: size }, () => crowdProcess(backend, own)))
  const herd = herdOf(starting.flatMap(one => (one.status === 'fulfilled' ? [one.value] : [])))
  const failed = starting.find(one => one.status === 'rejected')
  if (failed === undefined) return herd
  await herd.kill()
  throw failed.reason
}

/** Processes that were started one by one. */
export function herdOf(processes: readonly CrowdProcess[]): Herd {
  return {
    processes,
    async run(keys, crowd) {
      const at = Date.now() + NOTICE
      const answers = await Promise.all(processes.map(one => one.crowd(keys, crowd, at)))
      const loads = (await Promise.all(processes.map(one => one.loads()))).flat()
      return Promise.all(
        keys.map(async (key, index) => {
          const ended = loads.filter(load => load.key === key)
          return {
            key,
            loads: Math.max(...(await Promise.all(processes.map(one => one.count(key))))),
            ended: ended.length,
            atOnce: mostAtOnce(ended),
            answers: sum(answers.map(ofProcess => ofProcess[index] ?? {})),
          }
        }),
      )
    },
    troubles: async () => (await Promise.all(processes.map(one => one.troubles()))).flat().join('\n'),
    kill: async () => void (await Promise.all(processes.map(one => one.kill()))),
  }
}

function sum(all: readonly Answers[]): Answers {
  const total: Record<string, number> = {}
  for (const [answer, callers] of all.flatMap(Object.entries)) total[answer] = (total[answer] ?? 0) + callers
  return total
}

function mostAtOnce(loads: readonly Load[]): number {
  return Math.max(
    0,
    ...loads.map(({ from }) => loads.filter(other => other.from <= from && from < other.to).length),
  )
}

/** How many callers were answered. */
export function callersOf(answers: Answers = {}): number {
  return Object.values(answers).reduce((total, callers) => total + callers, 0)
}
