import type { ConfiguredNamespaces } from '@lookaside/core'
import { z } from 'zod'
import { given } from '../stores/given.js'
import { object } from './expected.js'
import { VALUE_SHAPE } from './value-settings.js'

const NAME = /^[\w.-]+$/

/** A name of a namespace, of a cache, or a prefix that is not empty. */
export const NAME_EXPECTED = "a name of letters, digits, '_', '.' and '-'"

/** A name as keys can hold it. */
export const NAME_SCHEMA = z.string({ error: NAME_EXPECTED }).regex(NAME, { error: NAME_EXPECTED })

/** Settings of namespaces, by name; they nest. */
export const NAMESPACES: z.ZodType<ConfiguredNamespaces, ConfiguredNamespaces> = z.lazy(() =>
  z.record(
    NAME_SCHEMA,
    object(
      { ...VALUE_SHAPE, namespaces: NAMESPACES.optional() },
      'an object with the settings of a namespace',
    ).meta({ id: 'ConfiguredNamespace' }),
    { error: issue => (issue.code === 'invalid_type' ? 'an object of namespaces by name' : undefined) },
  ),
)

/** Settings of namespaces laid over others, at any depth. */
export function overlaidNamespaces(
  under: ConfiguredNamespaces | undefined,
  over: ConfiguredNamespaces | undefined,
): ConfiguredNamespaces | undefined {
  if (under === undefined || over === undefined) return over ?? under
  const names = new Set([...Object.keys(under), ...Object.keys(over)])
  return Object.fromEntries(
    [...names].map(name => {
      const [below, above] = [under[name], over[name]]
      const namespaces = overlaidNamespaces(below?.namespaces, above?.namespaces)
      return [name, { ...below, ...(above && given(above)), ...(namespaces !== undefined && { namespaces }) }]
    }),
  )
}
