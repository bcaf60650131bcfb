import { CacheError } from '@lookaside/core'

/** One thing that is wrong in a config. */
export interface ConfigProblem {
  /** Where, such as `caches.sessions.ttl`; `''` for the config as a whole. */
  readonly path: string
  /** What was expected, what was given, and what was probably meant. Secrets are not shown. */
  readonly message: string
  /** The file it stands in, where it is one. */
  readonly file?: string | undefined
  /** The line in that file, from 1, for JSON and YAML. */
  readonly line?: number | undefined
  /** The column in that line, from 1. */
  readonly column?: number | undefined
}

/**
 * Says everything that is wrong with a config, at once: a `CacheError` with the code `ERR_CACHE_CONFIG`.
 *
 * @example
 * try { await fromFile('cache.config.yaml') } catch (error) {
 *   if (error instanceof ConfigError) for (const { line, message } of error.problems) console.error(line, message)
 * }
 */
export class ConfigError extends CacheError {
  readonly problems: readonly ConfigProblem[]

  /** @param what names the config: its file, or the function that was given it. */
  constructor(what: string, problems: readonly ConfigProblem[], options: { cause?: unknown } = {}) {
    super('ERR_CACHE_CONFIG', described(what, problems), options)
    this.problems = problems
  }
}

function described(what: string, problems: readonly ConfigProblem[]): string {
  const lines = problems.map(lineOf)
  const [only] = lines
  if (lines.length === 1) return `${what}: ${only}`
  return `${what} has ${lines.length} problems:\n${lines.map(line => `  - ${line}`).join('\n')}`
}

function lineOf({ path, message, file, line, column }: ConfigProblem): string {
  const where = line === undefined ? '' : ` (${file}:${line}:${column})`
  return path === '' && where === '' ? message : `${path || 'the config'}${where}: ${message}`
}
