/** Where something stands in a config. */
export type Path = readonly PropertyKey[]

const PLAIN_NAME = /^[\w-]+$/

/**
 * A path as text.
 *
 * @example
 * pathText(['caches', 'sessions', 'servers', 0]) // "caches.sessions.servers[0]"
 * pathText(['namespaces', 'a.b', 'ttl']) // "namespaces['a.b'].ttl"
 */
export function pathText(path: Path): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (PLAIN_NAME.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`
    else text += `['${String(key)}']`
  }
  return text
}
