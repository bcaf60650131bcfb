import {
  faultyStore,
  localStoreSuite,
  ManualClock,
  memoryRemoteServer,
  remoteStoreSuite,
} from '@lookaside/testing'
import { describe, test } from 'vitest'
import { mapStore } from './map-store.js'

describe('the store in memory', () => {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  remoteStoreSuite({ test, create: () => server.store(), advance: ms => clock.advance(ms) })
})

describe('the store in memory on the clock of the machine, with a coarse step and small values', () => {
  const server = memoryRemoteServer({ limits: { maxValueBytes: 20_000, ttlStep: 250 } })
  remoteStoreSuite({ test: test.concurrent, create: () => server.store() })
})

describe('the store in memory without expire and clear', () => {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock, without: ['expire', 'clear'] })
  remoteStoreSuite({ test, create: () => server.store(), advance: ms => clock.advance(ms) })
})

describe('a faulty store without a fault', () => {
  const clock = new ManualClock()
  const server = memoryRemoteServer({ clock })
  remoteStoreSuite({ test, create: () => faultyStore(server.store()), advance: ms => clock.advance(ms) })
})

describe('a Map as a local store', () => {
  localStoreSuite({ test, create: mapStore })
})
