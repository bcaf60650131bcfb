import type { IncomingMessage } from 'node:http'

/** A refusal that the client can read: its status and a message. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

interface Range {
  readonly min: number
  readonly max: number
  readonly integer?: boolean
}

const LARGEST_BODY = 1_024

/** Reads a number out of text, or refuses it. */
export function numberFrom(text: string | null, name: string, range: Range): number {
  return checked(
    text === null || text.trim() === '' ? undefined : Number(text),
    text ?? undefined,
    name,
    range,
  )
}

/** Reads what a search looks for: 2 to 100 characters, blanks around them left out. */
export function searchText(text: string | null): string {
  const trimmed = text?.trim() ?? ''
  if (trimmed.length >= 2 && trimmed.length <= 100 && !trimmed.includes('\0')) return trimmed
  throw new HttpError(
    400,
    `q must be 2 to 100 characters of a city's name, received ${shown(text ?? undefined)}`,
  )
}

/** Reads a country's code, in either case. */
export function countryCode(text: string): string {
  if (/^[a-z]{2}$/i.test(text)) return text.toUpperCase()
  throw new HttpError(400, `a country is named by its two letters, such as IS, received ${shown(text)}`)
}

/** Reads the body of a write: `{"population": 123}` and nothing else. */
export async function populationFrom(request: IncomingMessage): Promise<number> {
  const body = parsed(await text(request))
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !('population' in body)) {
    throw new HttpError(400, `the body must be {"population": <number>}, received ${shown(body)}`)
  }
  const other = Object.keys(body).find(key => key !== 'population')
  if (other !== undefined) {
    throw new HttpError(400, `only population can be changed, received ${shown(other)} as well`)
  }
  const { population } = body
  return checked(population, population, 'population', { min: 0, max: 1_000_000_000, integer: true })
}

function checked(value: unknown, received: unknown, name: string, { min, max, integer }: Range): number {
  const fits = typeof value === 'number' && value >= min && value <= max
  if (fits && (!integer || Number.isInteger(value))) return value
  const kind = integer ? 'a whole number' : 'a number'
  throw new HttpError(400, `${name} must be ${kind} from ${min} to ${max}, received ${shown(received)}`)
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_BODY) throw new HttpError(413, `the body must be at most ${LARGEST_BODY} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new HttpError(400, `the body must be JSON such as {"population": 123}, received ${shown(body)}`)
  }
}

function shown(value: unknown): string {
  const json = value === undefined ? 'nothing' : (JSON.stringify(value) ?? 'nothing')
  return json.length > 60 ? `${json.slice(0, 59)}…` : json
}
