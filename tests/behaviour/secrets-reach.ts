import { inspect } from 'node:util'

/** What leads to everything else in the process. */
const ENDS = new Set<unknown>([globalThis, process, process.env, Function, Object, Object.prototype])

/**
 * Every text that can be reached from a value: in messages, stacks and causes, through properties of any kind
 * (hidden ones, symbols, getters, those of its classes), members of a Map or Set, bytes, and in what `inspect` and
 * `JSON.stringify` make of it.
 */
function reachableTexts(value: unknown): string[] {
  const texts: string[] = [...shown(value)]
  const seen = new Set<unknown>(ENDS)
  const waiting = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (typeof next === 'string') texts.push(next)
    else if (typeof next === 'symbol') texts.push(next.description ?? '')
    else if (typeof next === 'number' || typeof next === 'bigint') texts.push(String(next))
    else if ((typeof next === 'object' && next !== null) || typeof next === 'function') {
      if (seen.has(next)) continue
      seen.add(next)
      waiting.push(...within(next))
    }
  }
  return texts
}

/** The secrets that can be reached from a value, as they are or percent-encoded as in a URL. */
export function secretsIn(value: unknown, ...secrets: string[]): string[] {
  const texts = reachableTexts(value)
  const forms = new Set(secrets.flatMap(secret => [secret, encodeURIComponent(secret)]))
  return [...forms].filter(form => texts.some(text => text.includes(form)))
}

/** What a log would show. */
function shown(value: unknown): string[] {
  const texts = [
    inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true }),
    `${inspect(value)}`,
  ]
  try {
    texts.push(JSON.stringify(value) ?? '')
  } catch {
    // A circle, or a bigint, which has no JSON.
  }
  return texts
}

function within(value: object): unknown[] {
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    return [bytes.toString('utf8'), bytes.toString('latin1')]
  }
  if (value instanceof ArrayBuffer) return within(new Uint8Array(value))
  const parts: unknown[] = []
  if (value instanceof Map) parts.push(...[...value].flat())
  if (value instanceof Set) parts.push(...value)
  // A getter of a class is read on its instance.
  for (let at: object | null = value; at !== null && !ENDS.has(at); at = Object.getPrototypeOf(at)) {
    for (const name of Reflect.ownKeys(at)) parts.push(name, read(at, name, value))
  }
  return parts
}

function read(owner: object, name: PropertyKey, instance: object): unknown {
  try {
    const { get, value } = Reflect.getOwnPropertyDescriptor(owner, name) ?? {}
    return get === undefined ? value : get.call(instance)
  } catch {
    // Not for this instance, such as the getters of `Function.prototype`.
    return undefined
  }
}
