import { type KeySpace, ownKey } from './key.js'

/** Where the token of a tag is kept: whoever deletes that key, in any language, invalidates the tag. */
export function tokenKey(space: Pick<KeySpace, 'path'>, name: string): string {
  return ownKey(space, 'tag', name)
}

/** What changes with every invalidation of a tag of the namespace, before the tag's token does. */
export function epochKey(space: Pick<KeySpace, 'path'>): string {
  return ownKey(space, 'epoch', '')
}
