import { expect, it } from 'vitest'
import { pathText } from '../src/checking/path.js'

it.each([
  [[], ''],
  [['ttl'], 'ttl'],
  [['caches', 'sessions', 'servers', 0], 'caches.sessions.servers[0]'],
  [['namespaces', 'a.b', 'ttl'], "namespaces['a.b'].ttl"],
  [['a-b', '7', ''], "a-b.7['']"],
  [['$schema'], "['$schema']"],
])('The path %j is written %s', (path, text) => {
  expect(pathText(path)).toBe(text)
})
