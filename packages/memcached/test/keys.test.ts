import { expect, inject, test } from 'vitest'
import { openServer, openStore } from './opened.js'
import { reply } from './scripted-server.js'

const servers = inject('memcachedServers').split(',')

const ILLEGAL = {
  empty: '',
  'too long': 'k'.repeat(251),
  'too long in bytes': 'é'.repeat(126),
  'too long for its length field': 'k'.repeat(65_536),
  'with a space': 'a b',
  'with a line break': 'a\r\nb',
  'with a zero byte': 'a\0b',
  'with DEL': 'a\x7fb',
  'with half of a surrogate pair': 'a\ud800b',
  'with a surrogate pair the wrong way round': '\udc00\ud800',
}

test.each(Object.entries(ILLEGAL))(
  'a key that is %s is refused before anything is sent',
  async (_what, key) => {
    const server = await openServer((request, socket) => socket.write(reply(request, { status: 1 })))
    const store = openStore({ servers: [server.address] })
    const version = {}
    const bytes = Buffer.from('1')
    const calls = [
      store.get(key),
      store.getMany(['fine', key]),
      store.set(key, bytes, 1_000),
      store.add(key, bytes, 1_000),
      store.replace(key, bytes, 1_000, version),
      store.delete(key),
      store.delete(key, version),
      store.deleteMany(['fine', key]),
      store.increment(key, 1n, { initial: 0n, ttl: 1_000 }),
    ]
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'ERR_CACHE_KEY' } })
    }
    expect(server.opened).toBe(0)
  },
)

test.each(['k'.repeat(250), 'é'.repeat(125), '日本:\u{1f600}', '!"#$%&~', '\u0080\u009f'])(
  'the key %j is kept apart from its neighbours',
  async key => {
    const store = openStore({ servers })
    const neighbour = `${[...key].slice(0, -1).join('')}z`
    await store.deleteMany([key, neighbour])
    await store.set(key, Buffer.from('mine'), 10_000)
    expect(await store.get(neighbour)).toBeUndefined()
    const [one, none] = await store.getMany([key, neighbour])
    expect(one).toMatchObject({ bytes: expect.any(Uint8Array) })
    expect(none).toBeUndefined()
  },
)
