import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { RemoteStore, Stored, Version } from '@lookaside/core'
import fc from 'fast-check'
import { Client } from 'memjs'
import { beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import { startMemcached } from '../../../tests/servers/index.js'
import { openServer, openStore } from './opened.js'
import { hit, type Request, reply } from './scripted-server.js'

const DAY = 86_400_000
const LONG = 60_000
const address = inject('memcachedServers').split(',')[0] as string

/** Two connections to one server, as of two processes. */
let mine: RemoteStore
let yours: RemoteStore
beforeEach(() => {
  mine = openStore({ servers: [address] })
  yours = openStore({ servers: [address] })
})

const token = () => randomBytes(24)
const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex')
const held = async (store: RemoteStore, key: string) => hex((await store.get(key))?.bytes)
async function readMany(store: RemoteStore, keys: readonly string[]): Promise<(Stored | undefined)[]> {
  return (await store.getMany(keys)).map(slot => {
    if (slot instanceof Error) throw slot
    return slot
  })
}
async function versionOf(store: RemoteStore, key: string): Promise<Version> {
  return (await store.get(key))?.version ?? expect.unreachable(`${key} is not there`)
}

/** Random bytes, and what memcached could take for a counter: digits that spaces follow. */
const value = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 24 }),
  fc
    .tuple(fc.stringMatching(/^\d{1,24}$/), fc.integer({ min: 16, max: 24 }))
    .map(([digits, length]) => Uint8Array.from(Buffer.from(digits.padEnd(length)))),
)

describe('bytes', () => {
  test.each(['set', 'add', 'replace'] as const)(
    'that one process stores by %s are those that another reads',
    async how => {
      const keys = [`token:bytes:${how}`, `token:bytes:${how}:absent`]
      const [key = ''] = keys
      const store: Record<typeof how, (bytes: Uint8Array) => Promise<unknown>> = {
        set: bytes => mine.set(key, bytes, LONG),
        async add(bytes) {
          await mine.delete(key)
          return mine.add(key, bytes, LONG)
        },
        async replace(bytes) {
          await yours.set(key, token(), LONG)
          return mine.replace(key, bytes, LONG, await versionOf(mine, key))
        },
      }
      await fc.assert(
        fc.asyncProperty(value, async bytes => {
          await store[how](bytes)
          expect(await held(yours, key)).toBe(hex(bytes))
          const [found, absent] = await readMany(yours, keys)
          expect([hex(found?.bytes), absent]).toEqual([hex(bytes), undefined])
        }),
      )
    },
  )
})

describe('add', () => {
  test('lets one of many callers in two processes win, whose bytes all of them read', async () => {
    for (let round = 0; round < 20; round++) {
      const key = `token:add:${round}`
      await mine.delete(key)
      const tokens = Array.from({ length: 20 }, token)
      const won = await Promise.all(
        tokens.map((bytes, index) => (index % 2 ? mine : yours).add(key, bytes, LONG)),
      )
      const winners = tokens.filter((_, index) => won[index])
      expect(winners).toHaveLength(1)
      expect([await held(mine, key), await held(yours, key)]).toEqual(Array(2).fill(hex(winners[0])))
    }
  })

  test('gives a version that a replace can follow, and that another', async () => {
    const key = 'token:chain'
    await mine.delete(key)
    const first = (await mine.add(key, token(), LONG)) ?? {}
    const second = (await mine.replace(key, token(), LONG, first)) ?? {}
    const last = token()
    expect(await mine.replace(key, token(), LONG, first)).toBeUndefined()
    expect(await mine.replace(key, last, LONG, second)).toBeDefined()
    expect(await held(yours, key)).toBe(hex(last))
  })

  test('that is too late leaves the bytes and their version alone', async () => {
    const key = 'token:late'
    const [bytes, next] = [token(), token()]
    await mine.set(key, bytes, LONG)
    const version = await versionOf(mine, key)
    expect(await yours.add(key, token(), LONG)).toBeUndefined()
    expect(await held(yours, key)).toBe(hex(bytes))
    expect(await mine.replace(key, next, LONG, version)).toBeDefined()
  })
})

describe('replace', () => {
  test('lets one of all that read the same state win, by get and by getMany', async () => {
    const keys = Array.from({ length: 10 }, (_, index) => `token:replace:${index}`)
    await Promise.all(keys.map(key => mine.set(key, token(), LONG)))
    const [many, others] = await Promise.all([readMany(mine, keys), readMany(yours, keys)])
    for (const [index, key] of keys.entries()) {
      const single = await mine.get(key)
      const rivals = [
        [mine, many[index]],
        [yours, others[index]],
        [mine, single],
      ] as const
      const tokens = rivals.map(token)
      const won = await Promise.all(
        rivals.map(([store, stored], rival) =>
          store.replace(key, tokens[rival] as Uint8Array, LONG, stored?.version ?? {}),
        ),
      )
      const winners = tokens.filter((_, rival) => won[rival])
      expect(winners).toHaveLength(1)
      expect([await held(mine, key), await held(yours, key)]).toEqual(Array(2).fill(hex(winners[0])))
    }
  })

  test('loses no update of two processes that read, change and write at once', async () => {
    const key = 'token:updates'
    const [workers, rounds] = [4, 25]
    await mine.set(key, Buffer.alloc(24), LONG)
    let lost = 0
    const update = async (store: RemoteStore) => {
      while (true) {
        const [stored] = await readMany(store, [key])
        const bytes = Buffer.from(stored?.bytes ?? [])
        bytes.writeUInt32BE(bytes.readUInt32BE(20) + 1, 20)
        if (await store.replace(key, bytes, LONG, stored?.version ?? {})) return
        lost++
      }
    }
    await Promise.all(
      Array.from({ length: workers }, async (_, worker) => {
        for (let round = 0; round < rounds; round++) await update(worker % 2 ? mine : yours)
      }),
    )
    const counted = Buffer.from((await mine.get(key))?.bytes ?? [])
    expect([counted.length, counted.readUInt32BE(20)]).toEqual([24, workers * rounds])
    expect(lost).toBeGreaterThan(0)
  })

  const between: Record<string, (key: string, bytes: Uint8Array) => Promise<unknown>> = {
    'a set': key => yours.set(key, token(), LONG),
    'a set of the very same bytes': (key, bytes) => yours.set(key, bytes, LONG),
    'a replace there and back': async (key, bytes) => {
      const version = await yours.replace(key, token(), LONG, await versionOf(yours, key))
      await yours.replace(key, bytes, LONG, version ?? {})
    },
    'a delete': key => yours.delete(key),
    'a delete and an add of the very same bytes': async (key, bytes) => {
      await yours.delete(key)
      await yours.add(key, bytes, LONG)
    },
  }
  test.each(Object.entries(between))('does nothing after %s by another process', async (_what, intervene) => {
    const key = 'token:between'
    const bytes = token()
    await mine.set(key, bytes, LONG)
    const versions = [await versionOf(mine, key), (await readMany(mine, [key]))[0]?.version ?? {}]
    await intervene(key, bytes)
    const left = await held(yours, key)
    for (const version of versions) {
      expect(await mine.replace(key, token(), LONG, version)).toBeUndefined()
      expect(await mine.delete(key, version)).toBe(false)
    }
    expect(await held(yours, key)).toBe(left)
  })
})

describe('a ttl above 30 days', () => {
  /** Asks the server, by the text protocol, for how many seconds it will keep a key. */
  async function secondsLeft(key: string): Promise<number> {
    const [host, port] = address.split(':')
    const socket = connect(Number(port), host)
    socket.write(`mg ${key} t\r\n`)
    const [answer] = await once(socket, 'data')
    socket.destroy()
    return Number(/^HD t(-?\d+)\r\n$/.exec(String(answer))?.[1] ?? Number.NaN)
  }

  test.each([30, 31, 365])('is kept as %i days, however the value is stored', async days => {
    const [set = '', add = '', replace = ''] = ['set', 'add', 'replace'].map(how => `token:${days}d:${how}`)
    const keys = [set, add, replace]
    const bytes = token()
    await mine.deleteMany(keys)
    await mine.set(set, bytes, days * DAY)
    await mine.add(add, bytes, days * DAY)
    await yours.set(replace, token(), LONG)
    const version = await mine.replace(replace, bytes, days * DAY, await versionOf(mine, replace))
    const read = await readMany(yours, keys)
    expect(read.map(stored => hex(stored?.bytes))).toEqual(Array(3).fill(hex(bytes)))
    for (const key of keys) {
      // Whatever it takes to get here, it is less than an hour.
      const hours = (await secondsLeft(key)) / 3_600
      expect(hours).toBeGreaterThan(days * 24 - 1)
      expect(hours).toBeLessThan(days * 24 + 1)
    }
    expect(await mine.replace(replace, token(), days * DAY, version ?? {})).toBeDefined()
  })
})

describe('reading a value with its tokens', () => {
  const GET = 0x0d
  const NOOP = 0x0a

  test('is one batch to each server, and no server is waited for before another is asked', async () => {
    const answers: (() => void)[] = []
    let expected = Number.POSITIVE_INFINITY
    // Nothing is answered until all servers have been asked everything.
    const script = (request: Request, socket: { write(bytes: Buffer): void }) => {
      const answer = request.opcode === GET ? hit(request, token(), { key: request.key }) : reply(request)
      answers.push(() => socket.write(answer))
      if (answers.length >= expected) for (const give of answers.splice(0)) give()
      if (answers.length === 0) expected = 1
    }
    const servers = await Promise.all([openServer(script), openServer(script), openServer(script)])
    const store = openStore({ servers: servers.map(({ address }) => address), timeout: '10s' })
    const shards = store.shards ?? expect.unreachable('a fleet has shards')
    const names = ['app:#gen:', 'app:#gen:users', 'app:#tag:eu']
    const perServer = servers.map((_, shard) => names.map(name => shards.keyOn(shard, name)))
    const keys = ['app:users::42', ...perServer.flat()]
    expected = keys.length + servers.length
    const slots = await readMany(store, keys)
    expect(slots.map(slot => slot?.bytes.length)).toEqual(keys.map(() => 24))
    for (const [shard, server] of servers.entries()) {
      const own = keys.filter(key => shards.of(key) === shard)
      expect(server.requests.map(({ opcode, key }) => [opcode, key])).toEqual([
        ...own.map(key => [GET, key]),
        [NOOP, ''],
      ])
      expect(new Set(server.requests.map(({ seq }) => seq)).size).toBe(1)
      expect(server.opened).toBe(1)
    }
  })

  test('costs a real server one get per key and no other command', async () => {
    const server = await startMemcached()
    onTestFinished(() => server.stop())
    const observer = Client.create(server.address)
    onTestFinished(() => observer.close())
    const commands = async () => {
      const { stats } = await new Promise<{ stats: Record<string, string> | null }>((resolve, reject) => {
        observer.stats((error, _server, stats) => (error ? reject(error) : resolve({ stats })))
      })
      return Object.fromEntries(
        Object.entries(stats ?? {}).flatMap(([name, count]) =>
          name.startsWith('cmd_') ? [[name, Number(count)]] : [],
        ),
      )
    }
    const store = openStore({ servers: [server.address] })
    const keys = ['value', 'token-1', 'token-2', 'absent']
    await Promise.all(keys.slice(0, 3).map(key => store.set(key, token(), LONG)))
    const before = await commands()
    const read = await readMany(store, keys)
    expect(read.map(stored => stored?.bytes.length)).toEqual([24, 24, 24, undefined])
    expect(await commands()).toEqual({ ...before, cmd_get: (before['cmd_get'] ?? 0) + keys.length })
  })
})
