import { parseArgs } from 'node:util'
import { SECTIONS, type SectionEntry, sectionNamed } from './sections.js'

/** What the command line asks for. */
export interface Arguments {
  readonly sections: readonly SectionEntry[]
  readonly quick: boolean
  readonly json: boolean
  readonly check: boolean
  readonly write: boolean
}

export const HELP = `npm run bench [-- options]

Runs ourselves against other libraries and the raw clients, in one process, taking turns, and prints medians of several
rounds. Starts a Redis and a memcached of its own.

  --quick      fewer rounds and sizes: under 2 minutes instead of about 10
  --only A,B   some of the sections: ${SECTIONS.map(({ name }) => name).join(', ')}
  --json       all figures as JSON
  --check      only what has a goal beside a raw client or plain lru-cache, or no peer: fails below half of a goal
  --write      also updates the figures and pictures of docs/explanation/performance-measured.md
`

/** @throws Error for arguments that it does not know or that make no sense; `undefined` where help is asked for. */
export function readArguments(args: readonly string[]): Arguments | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { quick, json, check, write, only } = values
  if (check && (quick || json || write)) {
    throw new Error('--check is a run of its own: give it nothing but --only')
  }
  if (write && (quick || only !== undefined)) {
    throw new Error('--write keeps the figures of a full run: leave out --quick and --only')
  }
  return {
    sections: only === undefined ? SECTIONS : only.split(',').map(name => sectionNamed(name.trim())),
    quick,
    json,
    check,
    write,
  }
}
