import type { Database } from './database.js'

/** The Postgres server at `url`, through a small pool of connections. */
export async function postgresServer(url: string): Promise<Database> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 5_000 })
  // A connection that dies while idle is replaced on next use; without a listener it would end the process.
  pool.on('error', () => {})

  async function query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await pool.query(sql, [...values])
    return rows
  }

  try {
    const [version] = await query<{ server_version: string }>('show server_version')
    return {
      name: `Postgres ${version?.server_version} (server ${new URL(url).host})`,
      query,
      close: () => pool.end(),
    }
  } catch (error) {
    await pool.end()
    throw error
  }
}
