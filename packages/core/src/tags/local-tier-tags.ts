import { tokenKey } from '../keys/token-key.js'
import type { LocalState } from '../tiers/local-copies.js'
import type { LocalTagged } from './local-tags.js'
import type { TagsBefore, TierTags } from './tag-load.js'
import { NO_TAGS } from './tag-names.js'
import { validity } from './token.js'

interface LocalTagsBefore extends TagsBefore {
  readonly tagged: ReadonlyMap<string, LocalTagged>
  readonly since: number
}

const NO_TOKENS: TagsBefore['tokens'] = new Map()
const NONE: ReadonlyMap<string, LocalTagged> = new Map()

/** The tags of a local store that is a tier of its own: nothing is missing, and the log tells what came meanwhile. */
export function localTierTags({ tags: states, log }: LocalState): TierTags {
  return {
    before(address, { named }, slot): LocalTagsBefore {
      const since = log.now
      const found = slot?.tags?.found ?? NO_TAGS
      const rest = { address, generation: undefined, since }
      if (named.length === 0 && found.length === 0) return { tokens: NO_TOKENS, tagged: NONE, ...rest }
      const names = new Set([...named, ...found])
      const { space } = address
      const tagged = new Map(
        [...names].map(name => {
          const now = states.tagged(name, tokenKey(space, name))
          return [name, { ...now, token: slot?.tags?.tokens.get(name) ?? now.token }]
        }),
      )
      const tokens = new Map([...tagged].map(([name, { token }]) => [name, token]))
      return { tokens, tagged, ...rest }
    },
    after(before, names) {
      const { address, tagged, since } = before as LocalTagsBefore
      const all: LocalTagged[] = []
      for (const name of names) {
        const at = tokenKey(address.space, name)
        const known = tagged.get(name)
        if (known === undefined && log.hasSince(at, since)) return 'overtaken'
        all.push(known ?? states.tagged(name, at))
      }
      return all
    },
    async areCurrent(_address, tagged) {
      return (tagged as readonly LocalTagged[]).every(
        ({ token, state }) => validity(token, state) === 'valid',
      )
    },
    async invalidate(kind, { space, names }) {
      for (const name of names) {
        const at = tokenKey(space, name)
        log.note(at)
        states.invalidate(kind, at)
      }
    },
  }
}
