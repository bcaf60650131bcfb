import { remoteStoreSuite } from '@lookaside/testing'
import { describe, inject, test } from 'vitest'
import { memcachedStore } from '../src/index.js'

const servers = inject('memcachedServers').split(',')

describe('one server', () => {
  remoteStoreSuite({
    test: test.concurrent,
    create: () => memcachedStore({ url: `memcached://${servers[0]}`, timeout: '5s' }),
  })
})

describe('a fleet', () => {
  remoteStoreSuite({ test: test.concurrent, create: () => memcachedStore({ servers, timeout: '5s' }) })
})
