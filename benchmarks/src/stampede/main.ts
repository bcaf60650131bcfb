// The published setting of a cache stampede, measured: `npm run bench:stampede`.
import { describeMachine, machineLine } from '../machine.js'
import { Progress } from '../progress.js'
import { startRedis } from '../redis-server.js'
import { runMain } from '../run-main.js'
import { type Arguments, HELP, readArguments } from './arguments.js'
import { type ChartedResult, chart } from './chart.js'
import { Crew } from './crew.js'
import { writeDocs } from './docs-page.js'
import { figuresOf } from './figures.js'
import { measure } from './measure.js'
import { doubts, milliseconds, resultTable, settingLine } from './report.js'
import { PUBLISHED, type Setting, scaled } from './setting.js'

async function measureAll(
  { strategies, expiries, processes }: Arguments,
  setting: Setting,
): Promise<ChartedResult[]> {
  const progress = new Progress()
  const redis = await startRedis()
  const crew = new Crew(processes)
  const results: ChartedResult[] = []
  try {
    for (const strategy of strategies) {
      const onStored = (count: number) =>
        progress.now(`${strategy.title}: expiry ${Math.min(count - 1, expiries)} of ${expiries}`)
      progress.now(`${strategy.title}: connecting`)
      const measured = await measure(crew, { url: redis.url, strategy, setting, expiries, onStored })
      const figures = figuresOf(measured, setting)
      results.push({ strategy, figures, measured })
      progress.done(
        `${strategy.title}: ${figures.loads} loads, ${figures.mostLoadsAtOnce} at once, ${figures.misses} misses, p99 ${milliseconds(figures.p99)} ms`,
      )
      for (const failure of new Set(measured.failures)) progress.done(`  ${failure}`)
    }
  } finally {
    crew.dismiss()
    await redis.stop()
  }
  return results
}

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2))
  if (asked === undefined) {
    process.stdout.write(HELP)
    return
  }
  const setting = scaled(PUBLISHED, asked.scale)
  const machine = describeMachine()
  const results = await measureAll(asked, setting)
  if (asked.json) {
    const strategies = results.map(({ strategy, figures }) => ({ name: strategy.name, ...figures }))
    const { scale, expiries, processes } = asked
    const report = { machine, scale, processes, setting, expiries, strategies }
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  }
  const notes = [
    `${settingLine(setting, asked.expiries)}.`,
    `${machineLine(machine)}; ${asked.processes} processes.`,
    ...doubts(results).map(doubt => `Doubtful: ${doubt}.`),
  ]
  const figures = `${resultTable(results)}\n\n${notes.join('\n')}`
  if (!asked.json) process.stdout.write(`\n${figures}\n`)
  if (asked.write) writeDocs(figures, chart(results, setting))
}

runMain(main)
