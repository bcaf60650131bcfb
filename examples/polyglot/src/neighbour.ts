import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { MemcachedDialectName } from '@lookaside/memcached'

const run = promisify(execFile)

/** A program in another language that shares our keys. */
export interface Neighbour {
  /** What it is written in, such as `Python 3.11.7`. */
  readonly language: string
  /** What its clients' flags mean. */
  readonly dialect: MemcachedDialectName
  /** Lets it read, or write, at the server with this URL; resolves to the lines that it prints. */
  run(url: string, verb: 'read' | 'write'): Promise<readonly string[]>
}

interface Language {
  readonly command: string
  readonly program: string
  readonly dialect: MemcachedDialectName
}

const LANGUAGES: Readonly<Record<string, Language>> = {
  python: { command: 'python3', program: 'python.py', dialect: 'python' },
  php: { command: 'php', program: 'php.php', dialect: 'php' },
  bare: { command: process.execPath, program: 'bare.mjs', dialect: 'plain' },
}

/** The neighbour in the language that is wanted, or else in the first one that this machine has. */
export async function findNeighbour(wanted: string | undefined): Promise<Neighbour> {
  for (const name of wanted === undefined ? Object.keys(LANGUAGES) : [wanted]) {
    const { command, program, dialect } = LANGUAGES[name] ?? fail(name)
    const version = await run(command, ['--version']).catch(() => undefined)
    if (version === undefined) continue
    const [, language = ''] = /^(\S+ [\d.]+|)/.exec(version.stdout) ?? []
    const file = fileURLToPath(new URL(`../neighbours/${program}`, import.meta.url))
    return {
      language: name === 'bare' ? 'the bare protocol' : language,
      dialect,
      async run(url, verb) {
        const { stdout } = await run(command, [file, url, verb])
        return stdout.split('\n').filter(line => line !== '')
      },
    }
  }
  return fail(wanted)
}

function fail(wanted: string | undefined): never {
  const names = Object.keys(LANGUAGES).join(', ')
  throw new Error(`This machine has no ${wanted}; set POLYGLOT_LANGUAGE to one of ${names}, or to nothing`)
}
