import { isCacheError } from '@lookaside/core'
import { isPlain } from '../reading/variables.js'
import { storeFromUrl } from '../stores/store-urls.js'
import { type Findings, variableHint } from './findings.js'
import type { Path } from './path.js'

/** An object with its type, which a URL tells where it is not given. */
export function withType(
  given: unknown,
  path: Path,
  findings: Findings,
): Record<string, unknown> | undefined {
  if (typeof given === 'string') findings.movedFrom(path, [...path, 'url'])
  const raw = typeof given === 'string' ? { url: given } : given
  if (!isPlain(raw)) {
    findings.expected(path, 'an object with the type or the url of a store', given)
    return undefined
  }
  const { url, type: _, ...rest } = raw
  if (raw['type'] !== undefined || url === undefined) return raw
  try {
    return { ...storeFromUrl(url), ...rest }
  } catch (error) {
    if (!isCacheError(error)) throw error
    const at = typeof given === 'string' ? path : [...path, 'url']
    if (findings.hadVariable(at))
      findings.expected(
        at,
        'the URL of a cache, such as memory:, redis://host:6379 or memcached://host:11211',
        url,
      )
    else findings.add(at, `${error.message}${variableHint(url)}`)
    return undefined
  }
}
