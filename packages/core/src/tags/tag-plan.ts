import type { Settings } from '../cache/settings.js'
import type { Engine } from '../engine.js'
import type { TagPlan } from './tag-load.js'
import { NO_TAGS } from './tag-names.js'

/** Tags as a call names them, or computes them of the value. */
export type TagOption = readonly string[] | ((value: unknown) => readonly string[]) | undefined

/** What has to be known of tags before a value is made that the application writes. */
export function tagPlan({ claimTtl }: Engine, { ttl, grace, view }: Settings, tags: TagOption): TagPlan {
  return {
    named: typeof tags === 'function' ? NO_TAGS : (tags ?? NO_TAGS),
    computed: typeof tags === 'function',
    framed: view.format.codec.framed,
    lifetime: ttl + grace + claimTtl,
  }
}
