import { Client } from 'memjs'
import { expect, inject, onTestFinished, test } from 'vitest'
import { openServer, openStore } from './opened.js'
import { hit, reply } from './scripted-server.js'

const [address = ''] = inject('memcachedServers').split(',')
const LARGEST = 2n ** 63n - 1n
const LONG = 600_000

let count = 0
const newKey = () => `counters:${process.pid}:${count++}`
const open = () => openStore({ servers: [address] })

/** What any other client of memcached would read. */
async function rawText(key: string): Promise<string | undefined> {
  const client = Client.create(address)
  onTestFinished(() => client.close())
  return (await client.get(key)).value?.toString('latin1')
}

test('a counter is plain digits to other clients, also after it lost some', async () => {
  const store = open()
  const key = newKey()
  for (const [by, text] of [
    [99n, '99'],
    [1n, '100'],
    [-1n, '99'],
    [-90n, '9'],
    [-9n, '0'],
    [12_345n, '12345'],
    [-12_000n, '345'],
    [0n, '345'],
  ] as const) {
    expect(await store.increment(key, by, { initial: 0n, ttl: LONG })).toBe(BigInt(text))
    expect(await rawText(key)).toBe(text)
  }
})

test("padding from another client's decrement does not show", async () => {
  const store = open()
  const key = newKey()
  const client = Client.create(address)
  onTestFinished(() => client.close())
  await client.set(key, '100', { expires: 600 })
  await client.decrement(key, 1, {})
  expect((await client.get(key)).value?.toString()).toBe('99 ')
  expect(Buffer.from((await store.get(key))?.bytes ?? []).toString()).toBe('99')
  const [slot] = await store.getMany([key])
  expect(Buffer.from((slot as { bytes: Uint8Array }).bytes).toString()).toBe('99')
  expect(await store.increment(key, 5n, { initial: 0n, ttl: LONG })).toBe(104n)
  expect(await rawText(key)).toBe('104')
})

test.each(['9 ', '1  ', '00 ', '9', '9 9', ' ', '9'.repeat(20), `${'9'.repeat(20)} `, '9\n', ' 9'])(
  'the value %j that was stored is read as it is',
  async text => {
    const store = open()
    const key = newKey()
    await store.set(key, Buffer.from(text), LONG)
    expect(Buffer.from((await store.get(key))?.bytes ?? []).toString()).toBe(text)
  },
)

test('increments of several digits go beyond 2^32 and 2^53 exactly', async () => {
  const store = open()
  const key = newKey()
  let expected = 0n
  for (const by of [2n ** 32n - 1n, 1n, 2n ** 32n + 1n, 2n ** 53n, 1n, 2n ** 62n, -(2n ** 61n) - 1n]) {
    expected += by
    expect(await store.increment(key, by, { initial: 0n, ttl: LONG })).toBe(expected)
    expect(await rawText(key)).toBe(`${expected}`)
  }
})

test.each([
  [LARGEST, 1n],
  [LARGEST - 1n, 2n],
  [1n, LARGEST],
  [0n, LARGEST + 1n],
  [5n, 2n ** 64n],
])('a counter at %s is not taken past 2^63 - 1 by %s', async (start, by) => {
  const store = open()
  const key = newKey()
  await store.increment(key, 0n, { initial: start, ttl: LONG })
  await expect(store.increment(key, by, { initial: 0n, ttl: LONG })).rejects.toMatchObject({
    code: 'ERR_CACHE_COUNTER',
  })
  expect(await rawText(key)).toBe(`${start}`)
})

test('a step below 0 of any size stops at 0', async () => {
  const store = open()
  for (const by of [-6n, -(2n ** 63n), -(2n ** 64n), -(2n ** 100n)]) {
    const key = newKey()
    await store.increment(key, 0n, { initial: 5n, ttl: LONG })
    expect(await store.increment(key, by, { initial: 0n, ttl: LONG })).toBe(0n)
    expect(await rawText(key)).toBe('0')
  }
})

test.each([
  ...['5 apples', '+5', ' 5', '007', '-1', '1.5', '', 'abc', `${LARGEST + 1n}`, '18446744073709551615'],
  ...['99999999999999999999', '100000000000000000000', '9 9'],
])('%j is no counter and stays what it is', async text => {
  const store = open()
  const key = newKey()
  const client = Client.create(address)
  onTestFinished(() => client.close())
  await client.set(key, text, { expires: 600 })
  for (const by of [1n, 0n, -1n]) {
    await expect(store.increment(key, by, { initial: 0n, ttl: LONG })).rejects.toMatchObject({
      code: 'ERR_CACHE_COUNTER',
    })
  }
  expect(await rawText(key)).toBe(text)
})

test('concurrent steps near the limit add up, and those that would pass it are refused', async () => {
  const [one, other] = [open(), open()]
  const key = newKey()
  const by = 2n ** 60n
  const outcomes = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) =>
      (index % 2 ? one : other).increment(key, by, { initial: 0n, ttl: LONG }),
    ),
  )
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(7)
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'ERR_CACHE_COUNTER' })
  }
  expect(await rawText(key)).toBe(`${7n * by}`)
})

test('concurrent steps up and down lose nothing', async () => {
  const stores = [open(), open(), open()]
  const key = newKey()
  await Promise.all(
    Array.from({ length: 150 }, (_, index) =>
      stores[index % 3]?.increment(key, index % 5 === 0 ? -3n : 2n, { initial: 1_000n, ttl: LONG }),
    ),
  )
  expect(await rawText(key)).toBe(`${1_000 - 30 * 3 + 120 * 2}`)
})

test('a step that somebody else took past the limit meanwhile is taken back', async () => {
  const amount = Buffer.alloc(8)
  amount.writeBigUInt64BE(LARGEST + 3n)
  const server = await openServer((request, socket) => {
    if (request.opcode === 0) socket.write(hit(request, '5'))
    else socket.write(reply(request, { value: amount, cas: 2n }))
  })
  const store = openStore({ servers: [server.address] })
  await expect(store.increment('key', 3n, { initial: 0n, ttl: LONG })).rejects.toMatchObject({
    code: 'ERR_CACHE_COUNTER',
  })
  expect(
    server.requests.map(({ opcode, extras }) => [opcode, extras.length > 0 && extras.readBigUInt64BE(0)]),
  ).toEqual([
    [0x00, false],
    [0x05, 3n],
    [0x06, 3n],
  ])
})

test('a server that contradicts itself does not keep a counter for ever', async () => {
  const server = await openServer((request, socket) => {
    socket.write(reply(request, { status: request.opcode === 0 ? 1 : 2 }))
  })
  const store = openStore({ servers: [server.address] })
  await expect(store.increment('key', 1n, { initial: 0n, ttl: LONG })).rejects.toThrow('contradicting itself')
})
