import { layeredLoader } from '../../subjects/layered-loader.js'
import { lookaside } from '../../subjects/lookaside.js'
import { lruCache } from '../../subjects/lru-cache.js'
import type { Place, Subject } from '../../subjects/subject.js'
import { PEERS } from '../../subjects/subjects.js'
import type { SectionContext } from '../section.js'
import { nothing, uncoalesced } from './controls.js'
import { graceless } from './graceless.js'
import { cacheManagerAhead, layeredLoaderAhead } from './refreshing-ahead.js'
import { EXPIRING, type Scenario } from './scenarios.js'

/** A subject and where it keeps its values. */
export interface Contestant {
  readonly subject: Subject
  readonly kind: 'local' | 'redis'
  /** What its row is called. */
  readonly name: string
  /** Ours with grace is by itself: it serves values older than their TTL. */
  readonly role: 'generator' | 'control' | 'ours' | 'ours with grace' | 'peer'
}

/** Who takes part in a scenario, the load generator by itself first. */
export function contestantsOf(
  scenario: Scenario,
  { quick, checking }: SectionContext,
): readonly Contestant[] {
  const always = [
    local(nothing, 'generator'),
    local(uncoalesced, 'control'),
    local(graceless, 'ours'),
    onRedis(graceless, 'ours'),
  ]
  if (checking) return always
  if (quick) return [...always, local(layeredLoader, 'peer')]
  const peers = [lruCache, ...PEERS].map(peer => local(peer, 'peer'))
  if (scenario.name !== EXPIRING) return [...always, ...peers]
  const withGrace: Contestant = { ...local(lookaside, 'ours with grace'), name: 'lookaside, grace' }
  const ahead = [layeredLoaderAhead, cacheManagerAhead].map(peer => local(peer, 'peer'))
  return [...always, withGrace, ...peers, ...ahead, ...PEERS.map(peer => onRedis(peer, 'peer'))]
}

export function placeOf({ kind }: Contestant, { population }: Scenario, redisUrl: string): Place {
  // Room for all: what is dropped is no question of this section.
  return kind === 'local' ? { kind, maxEntries: 2 * population } : { kind, url: redisUrl }
}

function local(subject: Subject, role: Contestant['role']): Contestant {
  return { subject, kind: 'local', name: subject.name, role }
}

function onRedis(subject: Subject, role: Contestant['role']): Contestant {
  return { subject, kind: 'redis', name: `${subject.name}, Redis`, role }
}
