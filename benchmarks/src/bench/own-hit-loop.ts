import type { awaitedHits, synchronousHits } from './hit-loop.js'

/** The timing loops, compiled for one contestant alone. */
interface HitLoop {
  readonly awaitedHits: typeof awaitedHits
  readonly synchronousHits: typeof synchronousHits
}

let instances = 0

export function ownHitLoop(): Promise<HitLoop> {
  // A module with a query of its own is a module of its own.
  return import(`./hit-loop.js?instance=${instances++}`) as Promise<HitLoop>
}
