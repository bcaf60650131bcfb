import { createCache } from '@lookaside/core'
import { Redis } from 'ioredis'
import { patientRedisStore, STORE_TIMEOUT } from '../../subjects/lookaside-store.js'
import { keyOf } from '../../workload/keys.js'
import { VALUE_SIZES, type ValueSize, valueFor } from '../../workload/values.js'
import type { Table } from '../section.js'

/** What a stored value has in Redis beside its JSON text. */
export interface FrameOverhead {
  readonly size: ValueSize
  readonly json: number
  /** Bytes over the JSON text, by the number of tags. */
  readonly over: readonly { readonly tags: number; readonly bytes: number }[]
}

const TAGS = ['team:42', 'user:1001', 'page:front']
const TAG_COUNTS = [0, 1, 3]

const PREFIX = 'frame'

/** Stores values of all sizes, and asks Redis for the length of what it has got. */
export async function measureFrameOverhead(url: string): Promise<FrameOverhead[]> {
  const cache = createCache({ store: patientRedisStore(url), prefix: PREFIX, storeTimeout: STORE_TIMEOUT })
  const plain = new Redis(url)
  try {
    await cache.ready({ timeout: STORE_TIMEOUT })
    const results: FrameOverhead[] = []
    for (const size of Object.keys(VALUE_SIZES) as ValueSize[]) {
      const key = keyOf(results.length)
      const value = valueFor(key, size)
      const json = Buffer.byteLength(JSON.stringify(value))
      const over: { tags: number; bytes: number }[] = []
      for (const tags of TAG_COUNTS) {
        await cache.set(key, value, { tags: TAGS.slice(0, tags) })
        over.push({ tags, bytes: (await plain.strlen(`${PREFIX}::${key}`)) - json })
      }
      results.push({ size, json, over })
    }
    return results
  } finally {
    await cache.close()
    plain.disconnect()
  }
}

export function frameTable(results: readonly FrameOverhead[]): Table {
  const titles = TAG_COUNTS.map(tags => (tags === 0 ? 'untagged' : `${tags} tag${tags === 1 ? '' : 's'}`))
  return {
    caption: 'Bytes that a value has in Redis over its JSON text',
    head: ['value', 'JSON text', ...titles],
    rows: results.map(({ size, json, over }) => [
      size,
      json.toLocaleString('en'),
      ...over.map(({ bytes }) => `${bytes} (${share(bytes / json)})`),
    ]),
    notes: [
      `The tags are ${TAGS.slice(0, -1).join(', ')} and ${TAGS.at(-1)}: each adds 17 bytes and its name.`,
    ],
  }
}

function share(part: number): string {
  return `${(100 * part).toPrecision(2)} %`
}
