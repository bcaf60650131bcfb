import { connect } from 'node:net'
import { onTestFinished } from 'vitest'
import { type Server, startMemcached, startRedis } from '../../../tests/servers/index.js'

/** A server of a test's own, whose connections can be counted. */
export interface Counted {
  readonly url: string
  readonly address: string
  readonly port: number
  /** How many connections it has, but for the one that asks. */
  connections(): Promise<number>
}

export async function countedRedis(): Promise<Counted> {
  const { port, address } = await started(startRedis())
  return {
    url: `redis://${address}`,
    address,
    port,
    async connections() {
      const list = await ask(port, 'CLIENT LIST', /^\$\d+\r\n.*\r\n$/s)
      return [...list.matchAll(/\bid=\d+ addr=/g)].length - 1
    },
  }
}

export async function countedMemcached(): Promise<Counted> {
  const { port, address } = await started(startMemcached())
  return {
    url: `memcached://${address}`,
    address,
    port,
    async connections() {
      const list = await ask(port, 'stats conns', /END\r\n$/)
      const states = [...list.matchAll(/^STAT \d+:state (\w+)/gm)].map(([, state]) => state)
      return states.filter(state => state !== 'conn_listening').length - 1
    },
  }
}

async function started(starting: Promise<Server>): Promise<Server> {
  const server = await starting
  onTestFinished(() => server.stop())
  return server
}

/** Sends one command on a connection of its own; what it is answered. */
function ask(port: number, command: string, complete: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\n`))
    socket.once('error', reject)
    socket.setEncoding('utf8').on('data', chunk => {
      answer += chunk
      if (!complete.test(answer)) return
      socket.destroy()
      resolve(answer)
    })
  })
}
