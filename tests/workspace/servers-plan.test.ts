import { describe, expect, it } from 'vitest'
import { planServers } from '../../scripts/servers.mjs'

interface Machine {
  readonly env?: Record<string, string>
  readonly commands?: readonly string[]
  readonly uid?: number
  readonly platform?: string
}

function plan({ env = {}, commands = [], uid = 1000, platform = 'linux' }: Machine) {
  return planServers({ env, has: command => commands.includes(command), uid, platform })
}

describe('the servers that the tests need', () => {
  it('are those of the environment where it names them', () => {
    const env = { TEST_REDIS_URL: 'redis://10.0.0.1', TEST_MEMCACHED_SERVERS: '10.0.0.1:11211' }
    expect(plan({ env })).toEqual({ kind: 'ready', note: 'TEST_REDIS_URL, TEST_MEMCACHED_SERVERS' })
  })

  it('are started from the PATH where it has them', () => {
    const env = { TEST_REDIS_URL: 'redis://10.0.0.1' }
    expect(plan({ commands: ['redis-server', 'memcached', 'apt-get'], uid: 0 })).toEqual({
      kind: 'ready',
      note: 'redis-server, memcached',
    })
    expect(plan({ env, commands: ['memcached'] })).toEqual({
      kind: 'ready',
      note: 'TEST_REDIS_URL, memcached',
    })
  })

  it('are sought when a variable is set to nothing', () => {
    expect(plan({ env: { TEST_REDIS_URL: '' }, commands: ['memcached'] }).kind).toBe('impossible')
  })

  it('are installed by apt-get as root', () => {
    expect(plan({ commands: ['apt-get'], uid: 0 })).toEqual({
      kind: 'install',
      commands: [
        ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'update'],
        [
          ...['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '--no-install-recommends'],
          ...['redis-server', 'memcached'],
        ],
      ],
    })
  })

  it('are installed through a sudo that asks nothing, and only what is missing', () => {
    const commands = ['apt-get', 'sudo', 'redis-server']
    expect(plan({ commands })).toMatchObject({
      commands: [
        ['sudo', '-n', 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', 'update'],
        expect.arrayContaining(['sudo', '-n', 'install', 'memcached']),
      ],
    })
    expect(JSON.stringify(plan({ commands }))).not.toContain('redis-server')
  })

  it('are installed by brew on a Mac, which refuses root', () => {
    const commands = ['brew']
    expect(plan({ commands, platform: 'darwin', uid: 501 })).toEqual({
      kind: 'install',
      commands: [['brew', 'install', 'redis', 'memcached']],
    })
    expect(plan({ commands, platform: 'darwin', uid: 0 }).kind).toBe('impossible')
  })

  it.each<Machine>([
    { commands: ['apt-get'], uid: 1000 },
    { commands: ['sudo'], uid: 1000 },
    { commands: ['brew'], platform: 'win32', uid: -1 },
  ])('are asked for in one message where they cannot be had: %o', machine => {
    expect(plan(machine)).toEqual({
      kind: 'impossible',
      message: [
        'The tests run against real servers, and redis-server and memcached could not be found or installed.',
        'Install redis-server and memcached so that the PATH has them, or name running ones:',
        '  TEST_REDIS_URL=redis://127.0.0.1:6379 TEST_MEMCACHED_SERVERS=127.0.0.1:11211,127.0.0.1:11212 npm test',
      ].join('\n'),
    })
  })

  it('are asked for by name when only one is missing', () => {
    const { message } = plan({ commands: ['redis-server'] }) as { message: string }
    expect(message).toContain('memcached could not be found')
    expect(message).not.toContain('TEST_REDIS_URL')
  })
})
