// How long an invalidation takes to reach the local tiers of other processes: `npm run bench:bus`.
import { parseArgs } from 'node:util'
import { describeMachine, machineLine } from '../machine.js'
import { markdownTable } from '../markdown-table.js'
import { Progress } from '../progress.js'
import { quantile, sort } from '../quantile.js'
import { startRedis } from '../redis-server.js'
import { runMain } from '../run-main.js'
import { type Measured, measure, WAYS } from './measure.js'

const HELP = `npm run bench:bus [-- options]

Invalidates keys that other processes have copies of in their local tiers, and prints how long it takes until those
copies are gone. Starts a Redis of its own.

  --rounds N    how many keys are invalidated in each way (default 1000)
  --readers N   how many processes have copies (default 2)
  --quick       200 rounds
  --json        the figures as JSON
`

const QUANTILES = [0.5, 0.99, 1]

function figures(times: readonly number[]): string[] {
  const sorted = sort(times)
  return QUANTILES.map(q => quantile(sorted, q).toFixed(2))
}

function table(results: readonly Measured[]): string {
  const head = [
    'invalidated by',
    'p50',
    'p99',
    'max',
    'p50 after return',
    'p99 after',
    'max after',
    'outdated',
  ]
  const rows = results.map(({ way, fromCall, fromReturn, outdated }) => [
    way.name,
    ...figures(fromCall),
    ...figures(fromReturn),
    `${outdated}`,
  ])
  return markdownTable(head, rows)
}

function whole(name: string, given: string): number {
  const value = Number(given)
  if (Number.isInteger(value) && value >= 1) return value
  throw new Error(`${name} must be a whole number from 1; received ${JSON.stringify(given)}`)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string' },
      readers: { type: 'string', default: '2' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  const rounds = whole('--rounds', values.rounds ?? (values.quick ? '200' : '1000'))
  const readers = whole('--readers', values.readers)
  const progress = new Progress()
  const results: Measured[] = []
  for (const way of WAYS) {
    const redis = await startRedis()
    try {
      const onRound = (round: number) => progress.now(`${way.name}: ${round} of ${rounds}`)
      results.push(await measure(redis.url, way, { rounds, readers }, onRound))
    } finally {
      await redis.stop()
    }
    progress.done(`${way.name}: ${rounds} keys, ${readers} processes`)
  }
  const machine = describeMachine()
  if (values.json) {
    const ways = results.map(({ way, fromCall, fromReturn, outdated }) => ({
      name: way.name,
      fromCall: figures(fromCall).map(Number),
      fromReturn: figures(fromReturn).map(Number),
      outdated,
    }))
    process.stdout.write(
      `${JSON.stringify({ machine, rounds, readers, quantiles: QUANTILES, ways }, undefined, 2)}\n`,
    )
    return
  }
  const notes = [
    `${rounds} keys, ${readers} processes with copies; times in ms, from the call that invalidates and from its return.`,
    'Negative: the copy was gone before the call returned. Outdated: reads after that which did not bring the new value.',
    machineLine(machine),
  ]
  process.stdout.write(`\n${table(results)}\n\n${notes.join('\n')}\n`)
}

runMain(main)
