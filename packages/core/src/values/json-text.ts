import { utf8 } from './utf8.js'

/**
 * The JSON text of a value, as UTF-8.
 *
 * @throws TypeError for what JSON has no text for: `undefined`, a function, a symbol, a bigint, a cycle.
 */
export function encodeJson(value: unknown): Buffer {
  const text: string | undefined = JSON.stringify(value)
  if (text === undefined) throw new TypeError(`JSON has no text for ${withArticle(typeof value)}`)
  return Buffer.from(text)
}

/** The value of a JSON text. @throws SyntaxError for anything else. */
export function decodeJson(bytes: Uint8Array): unknown {
  return JSON.parse(utf8(bytes))
}

function withArticle(type: string): string {
  return type === 'undefined' ? type : `a ${type}`
}
