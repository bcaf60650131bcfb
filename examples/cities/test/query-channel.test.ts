import { expect, test } from 'vitest'
import { type Question, queryChannel } from '../src/query-channel.js'

function channel() {
  const questions: Question[] = []
  return { questions, ...queryChannel(question => void questions.push(question)) }
}

test('each query gets its own answer, in whatever order they come', async () => {
  const { questions, query, answered } = channel()
  const rows = Promise.all([query('select 1'), query('select $1::int', [2])])
  expect(questions).toEqual([
    { id: 1, sql: 'select 1', values: [] },
    { id: 2, sql: 'select $1::int', values: [2] },
  ])
  answered({ id: 2, rows: [{ n: 2 }] })
  answered({ id: 1, rows: [{ n: 1 }] })
  expect(await rows).toEqual([[{ n: 1 }], [{ n: 2 }]])
})

test('a query that fails says that the database said so', async () => {
  const { query, answered } = channel()
  const rows = query('select')
  answered({ id: 1, error: 'syntax error' })
  await expect(rows).rejects.toThrow('Postgres: syntax error')
})

test('once the channel has ended, open queries fail and so do all that follow', async () => {
  const { query, end } = channel()
  const open = query('select 1')
  end(new Error('gone'))
  await expect(open).rejects.toThrow('gone')
  await expect(query('select 2')).rejects.toThrow('gone')
})
