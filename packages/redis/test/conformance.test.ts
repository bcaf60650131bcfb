import { remoteStoreSuite } from '@lookaside/testing'
import { Redis } from 'ioredis'
import { afterAll, describe, inject, test } from 'vitest'
import { redisStore } from '../src/index.js'

describe('a store with a connection of its own', () => {
  remoteStoreSuite({
    test: test.concurrent,
    create: () => redisStore({ url: inject('redisUrl'), socketTimeout: '5s', maxValueBytes: 1_000_000 }),
  })
})

describe('a store on a client of the application', () => {
  const client = new Redis(inject('redisUrl'))
  afterAll(() => client.disconnect())
  remoteStoreSuite({
    test: test.concurrent,
    create: () => redisStore({ client, maxValueBytes: 1_000_000 }),
  })
})
