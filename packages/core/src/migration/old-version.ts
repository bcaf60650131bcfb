import type { Stored, Version } from '../tiers/store.js'

/** Names bytes that lie in the old store still: whoever replaces them moves their key. */
export class OldVersion {
  readonly version: Version

  constructor(version: Version) {
    this.version = version
  }
}

/** What the old store holds, to be served from where it is. */
export function servedFromOld(stored: Stored): Stored {
  return { ...stored, version: new OldVersion(stored.version) }
}
