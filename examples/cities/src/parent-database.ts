import type { Database } from './database.js'
import { type Answer, queryChannel } from './query-channel.js'

/** The database of the process that has started this one, asked over the channel between the two. */
export function parentDatabase(): Pick<Database, 'name' | 'query'> {
  const { query, answered } = queryChannel(question => void process.send?.(question))
  process.on('message', (answer: Answer) => answered(answer))
  return { name: 'Postgres of the parent process', query }
}
