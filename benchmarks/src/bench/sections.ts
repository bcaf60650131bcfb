import type { Section } from './section.js'

/** A section that is imported when it is about to run. */
export interface SectionEntry {
  readonly name: string
  open(): Promise<Section>
}

/** All sections, in the order in which they run: what a busy memory would disturb comes first. */
export const SECTIONS: readonly SectionEntry[] = [
  { name: 'local-hits', open: async () => (await import('./sections/local-hits.js')).localHits },
  { name: 'redis-hits', open: async () => (await import('./sections/redis-hits.js')).redisHits },
  { name: 'memcached-hits', open: async () => (await import('./sections/memcached-hits.js')).memcachedHits },
  { name: 'misses', open: async () => (await import('./sections/misses.js')).misses },
  { name: 'open-loop', open: async () => (await import('./sections/open-loop.js')).openLoop },
  { name: 'hit-rates', open: async () => (await import('./sections/hit-rates.js')).hitRates },
  { name: 'memory', open: async () => (await import('./sections/memory.js')).memory },
  { name: 'growth', open: async () => (await import('./sections/growth.js')).growth },
]

/** @throws Error for a name that no section has */
export function sectionNamed(name: string): SectionEntry {
  const entry = SECTIONS.find(section => section.name === name)
  if (entry !== undefined) return entry
  throw new Error(
    `there is no section ${JSON.stringify(name)}: ${SECTIONS.map(section => section.name).join(', ')}`,
  )
}
