import type { InvalidationKind } from '../invalidation/deliver.js'

/** What caches tell each other; one message of format 1, as JSON. */
export interface BusMessage {
  /** The id of the cache that sent it. */
  readonly source: string
  /** 1 for its first message, one more for each; a heartbeat repeats the number of the last message before it. */
  readonly number: number
  readonly body: BusBody
}

/**
 * - `keys`: wire keys whose values were changed.
 * - `tags`: wire keys of tokens that were changed.
 * - `clear`: the path of a space that was cleared.
 * - `beat`: the source is alive and has sent nothing since `number`.
 * - `hello`: the source has begun to listen; whoever hears it tells its own number.
 * - `bye`: the source will send nothing more.
 */
export type BusBody =
  | { readonly type: 'keys'; readonly keys: readonly string[] }
  | { readonly type: 'tags'; readonly kind: InvalidationKind; readonly tokens: readonly string[] }
  | { readonly type: 'clear'; readonly path: string }
  | { readonly type: 'beat' }
  | { readonly type: 'hello' }
  | { readonly type: 'bye' }

const FORMAT = 1

export function encodeMessage({ source, number, body }: BusMessage): Uint8Array {
  return Buffer.from(JSON.stringify({ format: FORMAT, source, number, ...body }))
}

/** `undefined` for what is no message that this release understands; whoever can't tell has to assume the worst. */
export function decodeMessage(bytes: Uint8Array): BusMessage | undefined {
  let given: unknown
  try {
    given = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  } catch {
    return undefined
  }
  if (typeof given !== 'object' || given === null) return undefined
  const { format, source, number, ...rest } = given as Record<string, unknown>
  const headed = format === FORMAT && typeof source === 'string' && Number.isSafeInteger(number)
  const body = headed ? bodyOf(rest) : undefined
  return body && { source: source as string, number: number as number, body }
}

function bodyOf({ type, keys, tokens, kind, path }: Record<string, unknown>): BusBody | undefined {
  switch (type) {
    case 'keys':
      return areStrings(keys) ? { type, keys } : undefined
    case 'tags':
      return areStrings(tokens) && (kind === 'delete' || kind === 'expire')
        ? { type, kind, tokens }
        : undefined
    case 'clear':
      return typeof path === 'string' ? { type, path } : undefined
    case 'beat':
    case 'hello':
    case 'bye':
      return { type }
    default:
      return undefined
  }
}

function areStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(one => typeof one === 'string')
}
