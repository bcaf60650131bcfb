import { parseArgs } from 'node:util'
import { STRATEGIES, type Strategy, strategyNamed } from './strategies.js'

/** What the command line asks for. */
export interface Arguments {
  readonly strategies: readonly Strategy[]
  /** How many times as fast as the published setting everything runs. */
  readonly scale: number
  /** How many expiries are measured, after the first value has been stored. */
  readonly expiries: number
  /** How many child processes the workers are in. */
  readonly processes: number
  readonly json: boolean
  readonly write: boolean
}

export const HELP = `npm run bench:stampede [-- options]

Reads one hot key with 50 workers while it expires again and again, with several strategies, and prints what each
costs. Starts a Redis of its own.

  --quick           3 expiries of each strategy instead of 10
  --expiries N      how many expiries are measured
  --scale N         how many times as fast as published: 1 is a TTL of 20 s and loads of 500 ms (default 10)
  --only A,B        some of the strategies: ${STRATEGIES.map(({ name }) => name).join(', ')}
  --processes N     how many processes the workers are in (default 5)
  --json            the figures as JSON
  --write           also updates the table and the picture in docs/explanation
`

/** @throws Error for arguments that it does not know or that make no sense; `undefined` where help is asked for. */
export function readArguments(args: readonly string[]): Arguments | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      expiries: { type: 'string' },
      scale: { type: 'string', default: '10' },
      only: { type: 'string' },
      processes: { type: 'string', default: '5' },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { quick, json, write, only } = values
  if (write && (quick || only !== undefined)) {
    throw new Error('--write keeps the figures of a full run: leave out --quick and --only')
  }
  return {
    strategies: only === undefined ? STRATEGIES : only.split(',').map(strategyNamed),
    scale: number('--scale', values.scale, 1, 20),
    expiries: whole('--expiries', values.expiries ?? (quick ? '3' : '10'), 1, 1_000),
    processes: whole('--processes', values.processes, 1, 50),
    json,
    write,
  }
}

function number(name: string, given: string, least: number, most: number): number {
  const value = Number(given)
  if (given.trim() !== '' && value >= least && value <= most) return value
  throw new Error(`${name} must be from ${least} to ${most}; received ${JSON.stringify(given)}`)
}

function whole(name: string, given: string, least: number, most: number): number {
  const value = number(name, given, least, most)
  if (Number.isInteger(value)) return value
  throw new Error(`${name} must be a whole number; received ${JSON.stringify(given)}`)
}
