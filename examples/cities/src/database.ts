import { embeddedPostgres } from './embedded-postgres.js'
import { postgresServer } from './postgres-server.js'

/** A Postgres, as far as this example needs one. */
export interface Database {
  /** What runs, and where, without credentials. */
  readonly name: string
  query<Row>(sql: string, values?: readonly unknown[]): Promise<Row[]>
  close(): Promise<void>
}

/** Opens the server at `url`, or a Postgres inside this process where there is none. */
export function openDatabase(url?: string): Promise<Database> {
  return url ? postgresServer(url) : embeddedPostgres()
}

/** Counts the queries that go through it to `database`. */
export function countQueries(
  database: Pick<Database, 'query'>,
): Pick<Database, 'query'> & { readonly queryCount: number } {
  let queryCount = 0
  return {
    get queryCount() {
      return queryCount
    },
    query(sql, values) {
      queryCount += 1
      return database.query(sql, values)
    },
  }
}
