import { access, readFile } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quote } from '@lookaside/core'
import { ConfigError } from '../checking/config-error.js'
import { readModule } from './config-module.js'
import type { ConfigSource } from './config-source.js'

/** The files that are looked for where none is named. */
const FILES = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'].map(
  extension => `lookaside.config.${extension}`,
)

/**
 * Reads a config file; by its ending it is JSON, YAML or a module. Without a path it is the one `lookaside.config.*`
 * of the working directory.
 *
 * @throws ConfigError for a file that is not there, can't be read, or has another ending.
 */
export async function readConfigFile(given?: string | URL): Promise<ConfigSource> {
  const path = given === undefined ? await find() : resolve(checked(given))
  const file = shortest(path)
  const source = { name: file, file, directory: dirname(path) }
  switch (extname(path).toLowerCase()) {
    case '.json':
    case '.yaml':
    case '.yml': {
      const [text, { readText }] = await Promise.all([textOf(path, file), import('./config-text.js')])
      return { ...source, ...readText(text, path.toLowerCase().endsWith('.json') ? 'JSON' : 'YAML', file) }
    }
    case '.js':
    case '.mjs':
    case '.cjs':
    case '.ts':
    case '.mts':
    case '.cts':
      if (!(await exists(path))) throw notThere(file)
      return { ...source, value: await readModule(path, file) }
    default:
      throw refuse(file, 'expected a file that ends in .json, .yaml, .yml, .js, .mjs or .ts')
  }
}

function checked(path: unknown): string {
  if (path instanceof URL && path.protocol === 'file:') return fileURLToPath(path)
  if (typeof path === 'string' && path !== '' && !path.includes('://')) return path
  throw refuse('fromFile', `expected the path or the file: URL of a config file; received ${quote(path)}`)
}

async function find(): Promise<string> {
  const directory = process.cwd()
  const there = await Promise.all(FILES.map(file => exists(join(directory, file))))
  const [found, another] = FILES.filter((_, index) => there[index])
  if (found === undefined)
    throw refuse(
      'fromFile',
      `expected one of ${FILES.join(', ')} in the working directory; none is there. Make one, or give the path of another file`,
    )
  if (another === undefined) return join(directory, found)
  throw refuse(
    'fromFile',
    `${found} and ${another} are both in the working directory; keep one, or give its path`,
  )
}

async function textOf(path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw code === 'ENOENT'
      ? notThere(file)
      : new ConfigError(file, [{ path: '', file, message: `it cannot be read (${code})` }], { cause })
  }
}

function notThere(file: string): ConfigError {
  return refuse(file, `there is no such file; paths are relative to the working directory, ${process.cwd()}`)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Relative to the working directory where that is shorter. */
function shortest(path: string): string {
  const near = relative(process.cwd(), path)
  return near === '' || near.startsWith('..') ? path : near
}

function refuse(what: string, message: string): ConfigError {
  return new ConfigError(what, [{ path: '', message }])
}
