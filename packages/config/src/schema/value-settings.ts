import type { Codec, CodecName, NamespaceOptions, StandardSchema } from '@lookaside/core'
// Adds the options of its guard to those of a namespace.
import type {} from '@lookaside/stampede-guard'
import type { z } from 'zod'
import { duration, either, flag, fromCode, integer, number, object, oneOf, type ShapeOf } from './expected.js'

const CODECS = oneOf('auto', 'json', 'structured', 'raw', 'raw-json', 'raw-bytes')

const LARGEST_VERSION = 2 ** 32 - 1

/** How values are kept: what a cache and its namespaces can set. */
export const VALUE_SHAPE = {
  ttl: duration().optional(),
  grace: duration().optional(),
  negativeTtl: duration().optional(),
  jitter: number(0, 1).optional(),
  version: integer(0, LARGEST_VERSION).optional(),
  hardTimeout: duration(1).optional(),
  softTimeout: duration().optional(),
  beta: number(0).optional(),
  codec: either<readonly [z.ZodType<CodecName, CodecName>, z.ZodType<Codec, Codec>]>(
    "'auto', 'json', 'structured', 'raw', 'raw-json' or 'raw-bytes'",
    CODECS,
    fromCode<Codec>('a codec', value => 'encode' in value && 'decode' in value),
  ).optional(),
  compression: either(
    'true, false or { threshold: bytes }',
    flag(),
    object({ threshold: integer(0) }),
  ).optional(),
  schema: fromCode<StandardSchema>(
    'a Standard Schema, such as one of zod',
    value => '~standard' in value,
  ).optional(),
} satisfies ShapeOf<NamespaceOptions>
