// Ourselves beside other libraries and the raw clients: `npm run bench`.
import { describeMachine } from '../machine.js'
import { Progress } from '../progress.js'
import { runMain } from '../run-main.js'
import { type Arguments, HELP, readArguments } from './arguments.js'
import { check } from './check.js'
import { writeDocs } from './docs-page.js'
import { type Finding, sectionReport, settingReport } from './report.js'
import type { SectionContext } from './section.js'
import { type Servers, servers } from './servers.js'
import { versions } from './versions.js'

async function main(): Promise<void> {
  const asked = readArguments(process.argv.slice(2))
  if (asked === undefined) {
    process.stdout.write(HELP)
    return
  }
  const own = servers()
  try {
    await (asked.check ? checkAll(asked, own) : measureAll(asked, own))
  } finally {
    await own.stop()
  }
}

async function measureAll(asked: Arguments, own: Servers): Promise<void> {
  const context = contextOf(asked, own)
  const [machine, found] = [describeMachine(), [] as Finding[]]
  for (const entry of asked.sections) {
    const section = await entry.open()
    const start = performance.now()
    const finding = { section, result: await section.run(context) }
    found.push(finding)
    context.progress.done(`${section.name}: ${((performance.now() - start) / 1_000).toFixed(0)} s`)
    if (!asked.json) process.stdout.write(`\n${sectionReport(finding)}\n\n`)
  }
  const setting = settingReport(machine, versions())
  if (asked.json) {
    const sections = found.map(({ section: { name, title }, result: { about, goals, data } }) => ({
      ...{ name, title, about, goals, data },
    }))
    const report = { machine, versions: versions(), quick: asked.quick, sections }
    process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`)
  } else process.stdout.write(`${setting}\n`)
  if (asked.write) {
    const reports = found.map(finding => sectionReport(finding, { pictures: true }))
    const figures = [...reports, setting].join('\n\n')
    writeDocs(
      figures,
      found.flatMap(({ result }) => result.charts ?? []),
    )
  }
}

async function checkAll(asked: Arguments, own: Servers): Promise<void> {
  const sections = await Promise.all(asked.sections.map(entry => entry.open()))
  const tell = (line: string) => process.stdout.write(`${line}\n`)
  const { passed, failed } = await check(sections, contextOf(asked, own), tell)
  tell(`${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

function contextOf({ quick, check }: Arguments, { redis, memcached }: Servers): SectionContext {
  return { quick: quick || check, checking: check, progress: new Progress(), redis, memcached }
}

runMain(main)
