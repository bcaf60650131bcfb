import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './pages.js'

/** A setting as packages/config/schema.json says it, or a form of one. */
export interface Setting {
  readonly $ref?: string
  readonly description?: string
  readonly type?: string
  readonly anyOf?: readonly Setting[]
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly pattern?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly properties?: Readonly<Record<string, Setting>>
}

const { definitions } = JSON.parse(readFileSync(join(root, 'packages/config/schema.json'), 'utf8')) as {
  readonly definitions: Readonly<Record<string, Setting>>
}

/** What stands beside each type of store, and is none of its settings. */
const BESIDE = ['type', '$schema']

/** The settings of a definition by name; with those within, `part.option` is the name of an option of a part. */
export function settingsOf(
  definition: string,
  isOne: (name: string) => boolean = () => true,
  depth: 'alone' | 'with those within' = 'alone',
): ReadonlyMap<string, Setting> {
  const within = (prefix: string, { properties = {} }: Setting): [string, Setting][] =>
    Object.entries(properties).flatMap(([name, setting]) => {
      const inner = formsOf(setting).find(form => form.properties !== undefined)
      if (depth === 'alone' || inner === undefined) return [[`${prefix}${name}`, setting] as const]
      return within(`${prefix}${name}.`, inner)
    })
  const found = definitions[definition]
  if (found === undefined) throw new Error(`the schema has no definition ${definition}`)
  return new Map(within('', found).filter(([name]) => !BESIDE.includes(name) && isOne(name)))
}

/** The default of a setting, where it is a text or a number and not an explanation. */
export function literalDefault(setting: Setting | undefined): string | undefined {
  const [, fallback = ''] = /\bDefault: (.*)$/.exec(setting?.description ?? '') ?? []
  const [, text, bare] = /^(?:'([^']*)'|(true|false|[\d_]+(?: ms)?)(?!\w))/.exec(fallback) ?? []
  return text ?? bare?.replaceAll(/[_ ]/g, '')
}

/** The words that tell what a setting takes: names, or the least and the most. */
export function wordsFor(setting: Setting | undefined): string[] {
  const forms = formsOf(setting ?? {})
  const isDuration = forms.some(({ pattern = '' }) => pattern.includes('ms|s|m|h|d'))
  return forms.flatMap(form => {
    const { type, minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = form
    if (form.enum !== undefined) return form.enum.map(name => `\`${name}\``)
    if ('const' in form) return [`\`${String(form.const)}\``]
    if (type === 'boolean') return ['`true`', '`false`']
    if (type === 'number' && isDuration) return [durationFrom(minimum, maximum)]
    if (type === 'integer' || type === 'number')
      return [maximum === Number.MAX_SAFE_INTEGER ? `from ${minimum}` : `${minimum} to ${maximum}`]
    return []
  })
}

function durationFrom(minimum: number, maximum: number): string {
  switch (maximum) {
    case 2 ** 31 - 1:
      return `duration, ${minimum} ms to 24 days`
    case 30 * 60_000:
      return `duration, ${minimum} ms to 30 min`
    default:
      return minimum === 0 ? 'duration' : `duration from ${minimum} ms`
  }
}

/** The forms that a setting can have, a variable aside. */
function formsOf(setting: Setting): Setting[] {
  const { $ref, anyOf } = setting
  if ($ref === '#/definitions/Variable') return []
  if ($ref !== undefined) return formsOf(referred($ref))
  return anyOf === undefined ? [setting] : anyOf.flatMap(formsOf)
}

function referred(ref: string): Setting {
  let found: unknown = { definitions }
  for (const name of ref.slice(2).split('/')) found = (found as Readonly<Record<string, unknown>>)[name]
  return found as Setting
}
