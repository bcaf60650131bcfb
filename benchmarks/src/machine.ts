import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { arch, cpus, platform, release } from 'node:os'
import { REDIS_SERVER } from './redis-server.js'

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly os: string
  readonly node: string
  readonly redis: string
  /** Other programs could hardly hold the benchmark up, as under `chrt -r 1`. */
  readonly realTime: boolean
}

export function describeMachine(): Machine {
  const cores = cpus()
  const redis = execFileSync(REDIS_SERVER, ['--version'], { encoding: 'utf8' })
  return {
    cpu: cores[0]?.model.trim() ?? arch(),
    cores: cores.length,
    os: `${platform()} ${release().split('-')[0]} ${arch()}`,
    node: process.versions.node,
    redis: /\bv=(\S+)/.exec(redis)?.[1] ?? 'unknown',
    realTime: hasRealTimePriority(),
  }
}

export function machineLine({ cpu, cores, os, node, redis, realTime }: Machine): string {
  return `${cores} cores of ${cpu}, ${os}, Node ${node}, Redis ${redis}${realTime ? ', at real-time priority' : ''}`
}

/** The fields after the program's name, which may hold anything, in brackets; the 39th is the scheduling policy. */
const POLICY = 38
const FIFO_OR_ROUND_ROBIN = ['1', '2']

function hasRealTimePriority(): boolean {
  const file = '/proc/self/stat'
  if (!existsSync(file)) return false
  const policy = readFileSync(file, 'utf8').split(') ').at(-1)?.split(' ')[POLICY]
  return policy !== undefined && FIFO_OR_ROUND_ROBIN.includes(policy)
}
