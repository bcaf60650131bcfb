import { z } from 'zod'
import { CONFIG_SCHEMA } from './config-schema.js'

/** A JSON Schema, or a part of one. */
export type JsonSchema = { [keyword: string]: unknown }

const VARIABLE = { $ref: '#/definitions/Variable' }

/** What settings are best said of, the best last. */
const PLAINEST = ['ByUrlStore', 'Store', 'CacheSettings']

/**
 * The JSON Schema of config files, draft 7, which editors know: without what only programs can give, and with variables
 * wherever a text can hold one.
 *
 * @param describe what to say of a setting; it is asked for the form, such as `RedisCache`, and the name.
 * @see https://json-schema.org/draft-07
 */
export function configJsonSchema(describe: (form: string, name: string) => string): JsonSchema {
  const { $schema, definitions, ...root } = z.toJSONSchema(CONFIG_SCHEMA, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (z.globalRegistry.get(zodSchema)?.['fromCode'] === true) jsonSchema['fromCode'] = true
    },
  }) as JsonSchema
  const known = Object.entries(definitions as Record<string, JsonSchema>)
  const forms = Object.fromEntries(
    known.map(([id, schema]) => [id, withWords(orVariable(written(schema)), name => describe(id, name))]),
  )
  const whole: JsonSchema = {
    $schema,
    title: 'lookaside config',
    ...written(root),
    definitions: { Variable: { type: 'string', pattern: '\\$\\{' }, ...withSettingsOnce(forms) },
  }
  return withTypesListed(whole, forms, describe('', 'type'))
}

/**
 * Lists the types wherever one of several forms stands: editors complete the form that fits best so far, and that is
 * never one with settings that are still missing.
 */
function withTypesListed(
  schema: JsonSchema,
  forms: Record<string, JsonSchema>,
  description: string,
): JsonSchema {
  const within = Object.entries(schema).map(([keyword, part]) => [
    keyword,
    Array.isArray(part)
      ? part.map(item => (isSchema(item) ? withTypesListed(item, forms, description) : item))
      : isSchema(part)
        ? withTypesListed(part, forms, description)
        : part,
  ])
  const listed = Object.fromEntries(within)
  const types = Array.isArray(schema['anyOf']) ? schema['anyOf'].flatMap(form => typeOf(form, forms)) : []
  if (types.length < 2) return listed
  return { ...listed, properties: { type: { description, anyOf: [{ enum: types }, { type: 'string' }] } } }
}

/** The type of the form that is referred to, where it has one. */
function typeOf({ $ref }: JsonSchema, forms: Record<string, JsonSchema>): unknown[] {
  const { properties } = forms[String($ref).replace('#/definitions/', '')] ?? {}
  const { const: type } = (properties as Record<string, JsonSchema> | undefined)?.['type'] ?? {}
  return type === undefined ? [] : [type]
}

/** A schema as files need it. */
function written(schema: JsonSchema): JsonSchema {
  const { properties, anyOf, additionalProperties, items, id: _, ...rest } = schema
  return {
    ...rest,
    ...(isSchema(properties) && { properties: namedSettings(properties as Record<string, JsonSchema>) }),
    ...(Array.isArray(anyOf) && { anyOf: anyOf.filter(form => !form['fromCode']).map(written) }),
    ...(isSchema(items) && { items: orVariable(written(items)) }),
    ...(additionalProperties !== undefined && {
      additionalProperties: isSchema(additionalProperties)
        ? orVariable(written(additionalProperties))
        : additionalProperties,
    }),
  }
}

function namedSettings(properties: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const settings = Object.entries(properties).filter(([, setting]) => !setting['fromCode'])
  return Object.fromEntries(
    settings.map(([name, setting]) => [name, name === 'type' ? setting : orVariable(written(setting))]),
  )
}

/** A setting where a variable can stand; a string without a pattern takes one anyway. */
function orVariable(schema: JsonSchema): JsonSchema {
  const { anyOf, ...rest } = schema
  if (!Array.isArray(anyOf)) return isLeaf(schema) ? { anyOf: [schema, VARIABLE] } : schema
  return { ...rest, anyOf: anyOf.some(isLeaf) ? [...anyOf, VARIABLE] : anyOf }
}

function isLeaf({ type, pattern, ...rest }: JsonSchema): boolean {
  if ('enum' in rest || 'const' in rest) return true
  return type === 'string' ? pattern !== undefined : ['number', 'integer', 'boolean'].includes(type as string)
}

/** A form whose settings say what they are. */
function withWords(form: JsonSchema, describe: (name: string) => string): JsonSchema {
  const { properties } = form
  if (!isSchema(properties)) return form
  const settings = Object.entries(properties as Record<string, JsonSchema>)
  const described = settings.map(([name, setting]) => [name, { description: describe(name), ...setting }])
  return { ...form, properties: Object.fromEntries(described) }
}

/** Says each setting once, and refers to it where another form has the same. */
function withSettingsOnce(forms: Record<string, JsonSchema>): Record<string, JsonSchema> {
  const said = new Map<string, string>()
  const once = ([id, form]: [string, JsonSchema]): [string, JsonSchema] => {
    const { properties } = form
    if (!isSchema(properties)) return [id, form]
    const settings = Object.entries(properties).map(([name, setting]) => {
      const words = `${name} ${JSON.stringify(setting)}`
      const known = said.get(words)
      if (known !== undefined && name !== 'type') return [name, { $ref: known }]
      said.set(words, `#/definitions/${id}/properties/${name}`)
      return [name, setting]
    })
    return [id, { ...form, properties: Object.fromEntries(settings) }]
  }
  const place = (id: string) => PLAINEST.findIndex(ending => id.endsWith(ending))
  const plainestFirst = Object.entries(forms).sort(([a], [b]) => place(b) - place(a))
  return Object.fromEntries(plainestFirst.map(once))
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null
}
