import { type Machine, machineLine } from '../machine.js'
import { markdownTable } from '../markdown-table.js'
import type { Goal, Section, SectionResult, Table } from './section.js'
import { isReached, number } from './verdict.js'
import { type Versions, versionsLine } from './versions.js'

/** A section and what it has found. */
export interface Finding {
  readonly section: Section
  readonly result: SectionResult
}

/** What a section has found, as Markdown; with its pictures, for a page that has them beside it. */
export function sectionReport({ section, result }: Finding, { pictures = false } = {}): string {
  const { about, tables, goals, charts = [] } = result
  return [
    `## ${section.title}`,
    ...(about.length > 0 ? [about.join('\n')] : []),
    ...(pictures ? charts.map(({ title, file }) => `![${title}](images/${file})`) : []),
    ...tables.map(tableReport),
    ...(goals.length > 0 ? [goalsReport(goals)] : []),
  ].join('\n\n')
}

/** What everything was measured with. */
export function settingReport(machine: Machine, versions: Versions): string {
  return `${machineLine(machine)}.\n${versionsLine(versions)}.`
}

function tableReport({ caption, head, rows, notes = [] }: Table): string {
  return [`**${caption}**`, markdownTable(head, rows), ...(notes.length > 0 ? [notes.join('\n')] : [])].join(
    '\n\n',
  )
}

function goalsReport(goals: readonly Goal[]): string {
  const rows = goals.map(goal => [
    goal.name,
    `${number(goal.value)} ${goal.unit}`,
    `${goal.bound ?? 'at least'} ${number(goal.goal)} ${goal.unit}`,
    isReached(goal) ? 'reached' : 'missed',
  ])
  return markdownTable(['goal', 'measured', 'to reach', ''], rows)
}
