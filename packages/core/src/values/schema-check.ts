import { CacheError } from '../errors.js'
import { type StandardResult, type StandardSchema, validate } from './standard-schema.js'

/** A value as its schema gave it out. */
export interface CheckedValue {
  readonly value: unknown
  /** Whether the value passes its schema again, so that later reads can be checked. */
  readonly checkable: boolean
}

/**
 * Checks what was loaded or is to be written; the schema's output takes its place.
 *
 * @throws CacheError `ERR_CACHE_SCHEMA`; its cause is the issues, or what the schema threw.
 */
export async function checkValue(
  schema: StandardSchema | undefined,
  value: unknown,
  key: string,
): Promise<CheckedValue> {
  if (schema === undefined) return { value, checkable: true }
  const refused = `the value of '${key}' does not match its schema`
  let result: StandardResult<unknown>
  try {
    result = await validate(schema, value)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CacheError('ERR_CACHE_SCHEMA', `${refused}, which threw: ${reason}`, { cause })
  }
  if (result.issues === undefined) {
    // A schema that transforms may refuse its own output; checking that on reads would make every read a miss.
    return { value: result.value, checkable: await passes(schema, result.value) }
  }
  const issues = result.issues.map(issue => {
    const path = (issue.path ?? []).map(step => String(typeof step === 'object' ? step.key : step)).join('.')
    return path === '' ? issue.message : `${path}: ${issue.message}`
  })
  throw new CacheError('ERR_CACHE_SCHEMA', `${refused}: ${issues.join('; ')}`, { cause: result.issues })
}

/** Whether a value passes; a schema that throws refuses it. A promise only where the schema is asynchronous. */
export function passes(schema: StandardSchema, value: unknown): boolean | Promise<boolean> {
  try {
    const result = validate(schema, value)
    if (!(result instanceof Promise)) return result.issues === undefined
    return result.then(
      ({ issues }) => issues === undefined,
      () => false,
    )
  } catch {
    return false
  }
}
