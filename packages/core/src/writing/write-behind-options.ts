import { type Duration, type Milliseconds, parseDuration } from '../duration.js'
import { CacheError, quote } from '../errors.js'
import { checkOptions } from '../options/options.js'

/** What a write to the database is told. */
export interface WriteBehindContext {
  /** 1 the first time, more when it is tried again. */
  readonly attempt: number
  /** Aborts after `writeTimeout`, and when closing takes longer than `closeTimeout`: hand it on to the database. */
  readonly signal: AbortSignal
}

/** How values are written behind. */
export interface WriteBehindOptions<V> {
  /**
   * Writes entries to the database, each key once, the oldest first; one call at a time. It may be called again with
   * entries that it has written already, so it must be an upsert.
   *
   * What it throws is the failure of all entries; an array in their order, of `Error` or `undefined`, tells which have failed.
   */
  readonly write: (
    entries: readonly (readonly [key: string, value: V])[],
    context: WriteBehindContext,
  ) => unknown
  /** Most entries of one write, at least 1; of those that have failed half as many with each failure. @default 100 */
  readonly batch?: number | undefined
  /** How long an entry waits for others; a full batch is written at once. @default '1s' */
  readonly delay?: Duration | undefined
  /** Most entries that have not been written, at least 1; where there are more `set` waits. @default 10_000 */
  readonly queue?: number | undefined
  /**
   * How often a failed write is tried again, after pauses from 100 ms up to 10 s; `Infinity` never gives up. With 0 a
   * `write` that throws fails all of its batch. @default 10
   */
  readonly retries?: number | undefined
  /** How long one attempt may take, at least 1 ms; one that is left alone then may overlap with the next. @default '30s' */
  readonly writeTimeout?: Duration | undefined
  /** How long a value that has not been written is served by other processes, at least 1 ms: what a crash can leave. @default '1m' */
  readonly unwrittenTtl?: Duration | undefined
  /** How long `close` tries to write what is left. @default '30s' */
  readonly closeTimeout?: Duration | undefined
  /** Told of each value that could not be written. @default a process warning */
  readonly onFailure?: ((failure: WriteBehindFailure<V>) => unknown) | undefined
}

/** A value that could not be written, however often it was tried; it is no longer in the cache. */
export interface WriteBehindFailure<V> {
  readonly key: string
  readonly value: V
  readonly error: unknown
}

/** The options, checked and with their defaults. */
export interface WriteBehindSettings {
  readonly write: (entries: readonly (readonly [string, unknown])[], context: WriteBehindContext) => unknown
  readonly batch: number
  readonly delay: Milliseconds
  readonly queue: number
  readonly retries: number
  readonly unwrittenTtl: Milliseconds
  readonly writeTimeout: Milliseconds
  readonly closeTimeout: Milliseconds
  readonly onFailure: ((failure: WriteBehindFailure<unknown>) => unknown) | undefined
}

const NAMES = [
  'write',
  'batch',
  'delay',
  'queue',
  'retries',
  'writeTimeout',
  'unwrittenTtl',
  'closeTimeout',
  'onFailure',
]

/** @throws CacheError `ERR_CACHE_OPTION`, `ERR_CACHE_DURATION` */
export function checkWriteBehindOptions(options: WriteBehindOptions<never>): WriteBehindSettings {
  checkOptions('writeBehind', options ?? {}, NAMES)
  const { write, batch = 100, delay = 1_000, queue = 10_000, retries = 10, onFailure } = options ?? {}
  const { writeTimeout = 30_000, unwrittenTtl = 60_000, closeTimeout = 30_000 } = options ?? {}
  check('write', typeof write === 'function', 'a function that writes entries to the database', write)
  check('batch', isCount(batch, 1), 'an integer from 1', batch)
  check('queue', isCount(queue, 1), 'an integer from 1', queue)
  const patient = retries === Number.POSITIVE_INFINITY
  check('retries', patient || isCount(retries, 0), 'an integer from 0, or Infinity', retries)
  const reports = onFailure === undefined || typeof onFailure === 'function'
  check('onFailure', reports, 'a function that is told of each value that could not be written', onFailure)
  const attempt = parseDuration(writeTimeout, 'writeTimeout')
  check('writeTimeout', attempt >= 1, 'at least 1 ms', writeTimeout)
  const unwritten = parseDuration(unwrittenTtl, 'unwrittenTtl')
  check('unwrittenTtl', unwritten >= 1, 'at least 1 ms', unwrittenTtl)
  return {
    write: write as WriteBehindSettings['write'],
    batch,
    delay: parseDuration(delay, 'delay'),
    queue,
    retries,
    writeTimeout: attempt,
    unwrittenTtl: unwritten,
    closeTimeout: parseDuration(closeTimeout, 'closeTimeout'),
    onFailure: onFailure as WriteBehindSettings['onFailure'],
  }
}

function isCount(count: number, least: number): boolean {
  return Number.isSafeInteger(count) && count >= least
}

function check(what: string, holds: boolean, expected: string, given: unknown): void {
  if (holds) return
  throw new CacheError(
    'ERR_CACHE_OPTION',
    `${what} of writeBehind must be ${expected}; received ${quote(given)}`,
  )
}
