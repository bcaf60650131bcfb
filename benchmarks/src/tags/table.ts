import { TAGS, type TagFigures } from './measure.js'

export const TAG_TABLE_HEAD = ['entries', 'deleteTags', 'set', 'ratio', 'still served'] as const

export const TAG_TABLE_NOTE = `Medians of ${TAGS.length} in ms; each tag is on all entries. deleteTags is two commands, one after the other.`

export function tagTableRows(results: readonly TagFigures[]): string[][] {
  return results.map(({ entries, invalidation, write, left }) => [
    entries.toLocaleString('en'),
    invalidation.toFixed(2),
    write.toFixed(2),
    (invalidation / write).toFixed(1),
    `${left}`,
  ])
}
