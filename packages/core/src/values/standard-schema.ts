/** A schema of any library that follows Standard Schema, version 1: https://standardschema.dev */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': StandardSchemaProps<Input, Output>
}

/** What a Standard Schema says of itself. */
interface StandardSchemaProps<Input = unknown, Output = Input> {
  readonly version: 1
  /** The name of the library. */
  readonly vendor: string
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
  /** Never there at run time: it carries the types. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined
}

/** The value as the schema's output, or what was wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** One thing that was wrong, and where. */
interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The type that a schema takes. */
export type InferInput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['input']

/** The type that a schema gives. */
export type InferOutput<Schema extends StandardSchema> = NonNullable<Schema['~standard']['types']>['output']

/** Runs a schema: its result, or a promise of it where the schema is asynchronous. */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): StandardResult<Output> | Promise<StandardResult<Output>> {
  return schema['~standard'].validate(value)
}
