import type { Database } from './database.js'

/** A query on its way to whoever has the database. */
export interface Question {
  readonly id: number
  readonly sql: string
  readonly values: readonly unknown[]
}

export type Answer =
  | { readonly id: number; readonly rows: unknown[] }
  | { readonly id: number; readonly error: string }

/** Queries that are answered elsewhere, in whatever order. */
export interface QueryChannel extends Pick<Database, 'query'> {
  /** To be called with each answer that arrives. */
  answered(answer: Answer): void
  /** Fails the queries that have no answer, and all that follow. */
  end(reason: Error): void
}

/** Sends queries by `ask`. */
export function queryChannel(ask: (question: Question) => void): QueryChannel {
  const open = new Map<number, { resolve(rows: unknown[]): void; reject(error: Error): void }>()
  let lastId = 0
  let ended: Error | undefined
  return {
    async query<Row>(sql: string, values: readonly unknown[] = []) {
      if (ended !== undefined) throw ended
      const rows = await new Promise<unknown[]>((resolve, reject) => {
        open.set(++lastId, { resolve, reject })
        ask({ id: lastId, sql, values })
      })
      return rows as Row[]
    },
    answered(answer) {
      const question = open.get(answer.id)
      open.delete(answer.id)
      if ('rows' in answer) question?.resolve(answer.rows)
      else question?.reject(new Error(`Postgres: ${answer.error}`))
    },
    end(reason) {
      ended = reason
      for (const question of open.values()) question.reject(reason)
      open.clear()
    },
  }
}
