/**
 * What a tag has at one moment: two random halves, compared by `===`.
 *
 * Deleting a tag changes both: what was tagged before is dead. Expiring it changes the soft one: that is stale.
 */
export interface Token {
  readonly hard: unknown
  readonly soft: unknown
}

/** A tag of an entry, with the token that the tag had before the entry's load began. */
export interface Tagged {
  readonly name: string
  readonly token: Token
}

export type Validity = 'valid' | 'stale' | 'dead'

/** What an invalidation of a tag has made of an entry; a tag that has no token now has been deleted, or forgotten. */
export function validity(recorded: Token, now: Token | undefined): Validity {
  if (now === undefined || now.hard !== recorded.hard) return 'dead'
  return now.soft === recorded.soft ? 'valid' : 'stale'
}

/** The names of tags; the generation of a namespace, which has none, is left out. */
export function namesOf(tagged: readonly Tagged[]): readonly string[] {
  return tagged.map(({ name }) => name).filter(name => name !== '')
}

/** The validity of an entry is that of its worst tag. */
export function worstValidity(
  tagged: readonly Tagged[],
  tokens: ReadonlyMap<string, Token | undefined>,
): Validity {
  let worst: Validity = 'valid'
  for (const { name, token } of tagged) {
    const own = validity(token, tokens.get(name))
    if (own === 'dead') return 'dead'
    if (own === 'stale') worst = 'stale'
  }
  return worst
}

export function sameToken(a: Token | undefined, b: Token | undefined): boolean {
  return a === b || (a !== undefined && validity(a, b) === 'valid')
}
