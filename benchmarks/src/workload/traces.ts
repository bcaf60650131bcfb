import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { parseArc, parseLirs, type Requests } from './trace-formats.js'

/** A public trace of requests to a cache. */
export interface Trace {
  /** The name of its file, without `.gz`. */
  readonly name: string
  /** What was traced. */
  readonly what: string
  readonly parse: (text: string) => Requests
}

const LIRS = 'LIRS paper'

export const TRACES = {
  oltp: { name: 'arc-oltp', what: 'a database server, an hour of it (ARC paper)', parse: parseArc },
  sprite: { name: 'lirs-sprite', what: `a network file system (${LIRS})`, parse: parseLirs },
  multi3: { name: 'lirs-multi3', what: `four programs at once (${LIRS})`, parse: parseLirs },
  pools: { name: 'lirs-2_pools', what: `index and record pages in turn (${LIRS})`, parse: parseLirs },
  gli: { name: 'lirs-gli', what: `repeated text search (${LIRS})`, parse: parseLirs },
  loop: { name: 'lirs-loop', what: `a loop over more than fits (${LIRS})`, parse: parseLirs },
} as const satisfies Record<string, Trace>

/** Where the traces are looked for: `LOOKASIDE_TRACES`, or `../shared/traces` beside the repository. */
function traceFolder(): string {
  const beside = fileURLToPath(new URL('../../../../shared/traces', import.meta.url))
  return process.env['LOOKASIDE_TRACES'] ?? beside
}

/** Which of the traces are there. */
export function tracesThere(traces: readonly Trace[]): readonly Trace[] {
  return traces.filter(trace => existsSync(fileOf(trace)))
}

export async function readTrace(trace: Trace): Promise<Requests> {
  const text = await promisify(gunzip)(await readFile(fileOf(trace)))
  return trace.parse(text.toString('latin1'))
}

function fileOf({ name }: Trace): string {
  return join(traceFolder(), `${name}.gz`)
}
