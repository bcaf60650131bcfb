/** A text with environment variables: `${NAME}`, or `${NAME:-default}`. */
export type Variable = `${string}\${${string}`

/** Settings whose objects come from other libraries, and are left as they are. */
type Foreign = 'tls' | 'schema' | 'codec'

/** Settings as they can be written: whatever is no text can come from a variable too, but for the type of a store. */
export type WithVariables<T> = T extends string | number | boolean | undefined
  ? T | Variable
  : T extends (...args: never[]) => unknown
    ? T
    : {
        [Name in keyof T]: Name extends 'type'
          ? T[Name]
          : Name extends Foreign
            ? T[Name] | Variable
            : WithVariables<T[Name]>
      }
