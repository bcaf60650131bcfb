import { type ChangeBus, type MessageBus, memoryBus } from '@lookaside/core'
import { busSuite, ManualClock, memoryRemoteServer } from '@lookaside/testing'
import { test } from 'vitest'
import { cuttable } from './cuttable.js'
import { processBus } from './process-bus.js'

let shared: MessageBus

busSuite('the bus in memory, one for all,', {
  kind: 'messages',
  test: (title, run) =>
    test(title, () => {
      shared = memoryBus()
      return run()
    }),
  create: () => shared,
})

const common = memoryBus()
const { create: createMessages, ...messageCut } = cuttable<MessageBus>(() => processBus(common))

busSuite('a faulty bus of messages', {
  kind: 'messages',
  test,
  create: createMessages,
  cuts: { cut: messageCut },
})

const clock = new ManualClock()
const server = memoryRemoteServer({ clock })
const client = { ...server.store(), flush: async () => server.empty(), evict: server.store().delete }

busSuite('the bus of a server in memory', {
  kind: 'changes',
  test,
  create: () => server.changeBus(),
  client,
  own: () => server.store(),
  advance: ms => clock.advance(ms),
})

const { create: createChanges, ...changeCut } = cuttable<ChangeBus>(() => server.changeBus())

busSuite('a faulty bus of changes', {
  kind: 'changes',
  test,
  create: createChanges,
  client,
  cuts: { cut: changeCut },
  advance: ms => clock.advance(ms),
})

const real = memoryRemoteServer({ limits: { ttlStep: 50 } })

busSuite('the bus of a server in memory on the clock of the machine', {
  kind: 'changes',
  test: test.concurrent,
  create: () => real.changeBus(),
  client: real.store(),
})
