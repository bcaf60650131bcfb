import { createCache, type RemoteStore } from '@lookaside/core'
import { memcachedStore } from '@lookaside/memcached'
import { redisStore } from '@lookaside/redis'
import { findNeighbour } from './neighbour.js'

interface User {
  readonly id: number
  readonly name: string
  readonly languages: readonly string[]
}

const { REDIS_URL = 'redis://127.0.0.1:6379', MEMCACHED_SERVERS, POLYGLOT_LANGUAGE } = process.env
// Of a fleet just one: a neighbour that shares several has to place keys as we do.
const [server = ''] = (MEMCACHED_SERVERS ?? '127.0.0.1:11211').split(',')

const neighbour = await findNeighbour(POLYGLOT_LANGUAGE || undefined)
console.log(`Our neighbour speaks ${neighbour.language}.`)
await share('Redis', redisStore(REDIS_URL), REDIS_URL)
const { dialect } = neighbour
await share('memcached', memcachedStore({ servers: [server], dialect }), `memcached://${server}`)

/** Shares values with the neighbour, in both directions. */
async function share(name: string, store: RemoteStore, url: string): Promise<void> {
  console.log(`\nOn ${name}`)
  const cache = createCache({ store, prefix: 'polyglot', ttl: '1m' })
  await cache.ready()
  const users = cache.namespace<User>('users', { codec: 'raw-json' }) // polyglot:users::1
  const texts = cache.namespace<string>('texts', { codec: 'raw' }) // polyglot:texts::greeting

  await users.set('1', { id: 1, name: 'Ada', languages: ['English', 'français'] })
  await texts.set('greeting', 'Grüß dich')
  await cache.delete('visits')
  await cache.increment('visits') // polyglot::visits
  await cache.set('report', { made: new Date() }) // in a frame of ours: not for others to read
  for (const line of await neighbour.run(url, 'read')) console.log(`  it reads  ${line}`)

  await neighbour.run(url, 'write')
  console.log('  it writes user 1, counts 2 visits, deletes the greeting and the report')
  const user = await users.get('1')
  console.log(`  we read   user 1: ${user?.name}, speaks ${user?.languages.join(' and ')}`)
  console.log(`  we read   visits: ${await cache.get('visits')}`)
  console.log(`  we load   greeting: ${await texts.getOrSet('greeting', () => 'Guten Tag')}`)
  console.log(`  we load   report: ${await cache.getOrSet('report', () => 'made anew')}`)
  await cache.deleteMany(['visits', 'report'])
  await Promise.all([users.delete('1'), texts.delete('greeting')])
  await cache.close()
}
