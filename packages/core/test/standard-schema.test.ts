import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  type InferInput,
  type InferOutput,
  type StandardSchema,
  validate,
} from '../src/values/standard-schema.js'

const row = z.object({ id: z.coerce.number(), at: z.string().transform(text => new Date(text)) })

test('a schema gives its output, or its issues with their paths', () => {
  expect(validate(row, { id: '1', at: '1970-01-01' })).toEqual({ value: { id: 1, at: new Date(0) } })
  expect(validate(row, { id: '1' })).toMatchObject({
    issues: [{ path: ['at'], message: expect.any(String) }],
  })
})

test('an asynchronous schema gives a promise', async () => {
  const slow = z.string().refine(async text => text !== 'no')
  await expect(validate(slow, 'yes')).resolves.toMatchObject({ value: 'yes' })
  await expect(validate(slow, 'no')).resolves.toMatchObject({ issues: [{}] })
})

test('a schema of another library needs no more than the standard', () => {
  const even: StandardSchema<unknown, number> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: value =>
        Number(value) % 2 === 0 ? { value: Number(value) } : { issues: [{ message: 'odd' }] },
    },
  }
  expect(validate(even, '4')).toEqual({ value: 4 })
  expect(validate(even, 3)).toEqual({ issues: [{ message: 'odd' }] })
})

test('its types are inferred', () => {
  expectTypeOf<InferOutput<typeof row>>().toEqualTypeOf<{ id: number; at: Date }>()
  expectTypeOf<InferInput<typeof row>>().toEqualTypeOf<{ id: unknown; at: string }>()
})
