import { types } from 'node:util'
import { CacheError, quote } from './errors.js'

/** How many members are looked at for the one to blame. */
const MAX_VISITS = 10_000

/** The error for a value that a codec can't encode: it names the member to blame where that can be found. */
export function notEncodable(codec: string, value: unknown, cause: unknown): CacheError {
  const [reason = ''] = (cause instanceof Error ? cause.message : quote(cause)).split('\n')
  const found = firstObstacle(value, codec === 'json')
  const what = found === undefined ? quote(value) : `${found.what} at ${found.path}`
  return new CacheError(
    'ERR_CACHE_NOT_ENCODABLE',
    `codec '${codec}' can't encode ${what} (${reason}): cache plain data, or give a codec of your own`,
    { cause },
  )
}

interface Obstacle {
  readonly path: string
  readonly what: string
}

/** Breadth first, so that the shortest path is named. */
function firstObstacle(root: unknown, isJson: boolean): Obstacle | undefined {
  const queue: { path: string; value: unknown }[] = [{ path: 'value', value: root }]
  const seen = new Set<unknown>()
  for (let visits = 0; visits < queue.length && visits < MAX_VISITS; visits++) {
    const { path, value } = queue[visits] as { path: string; value: unknown }
    const what = obstacle(value, isJson)
    if (what !== undefined) return { path, what }
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    try {
      for (const [step, member] of members(value)) queue.push({ path: path + step, value: member })
    } catch (error) {
      return { path, what: `an object whose properties can't be read, ${quote(error)},` }
    }
  }
  return undefined
}

function obstacle(value: unknown, isJson: boolean): string | undefined {
  switch (typeof value) {
    case 'function':
      return isJson ? undefined : 'a function'
    case 'symbol':
      return isJson ? undefined : 'a symbol'
    case 'bigint':
      return isJson ? 'a bigint' : undefined
    case 'object':
      return isJson ? undefined : obstacleObject(value)
    default:
      return undefined
  }
}

function obstacleObject(value: object | null): string | undefined {
  if (types.isProxy(value)) return 'a Proxy'
  if (types.isPromise(value)) return 'a Promise'
  if (types.isWeakMap(value)) return 'a WeakMap'
  if (types.isWeakSet(value)) return 'a WeakSet'
  return undefined
}

function* members(value: object): Generator<[step: string, member: unknown]> {
  if (ArrayBuffer.isView(value)) return
  if (value instanceof Map) {
    for (const [key, member] of value) {
      yield ['.keys()', key]
      yield [`.get(${quote(key)})`, member]
    }
  } else if (value instanceof Set) {
    for (const member of value) yield ['.values()', member]
  }
  for (const [key, member] of Object.entries(value)) {
    yield [Array.isArray(value) ? `[${key}]` : `.${key}`, member]
  }
}
