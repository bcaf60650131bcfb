import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server on which round trips can be counted. */
export interface CountingProxy {
  /** `127.0.0.1:port` */
  readonly address: string
  /** How often so far the client had said all that it could and waited for the answer. */
  readonly roundTrips: number
  close(): Promise<void>
}

/** The client has nothing more to say when it has said nothing for so long. */
const SILENCE = 25

/**
 * Stands between a client and the server at `port`.
 *
 * It holds all answers back until the client has nothing more to say without them, on any of its connections: so what
 * is sent together is one round trip, and what is sent after an answer is another, however fast the server is.
 */
export async function countingProxy(port: number): Promise<CountingProxy> {
  const sockets = new Set<Socket>()
  const held: (() => void)[] = []
  let trips = 0
  let timer: NodeJS.Timeout | undefined
  let asked = false

  function waitForSilence(): void {
    clearTimeout(timer)
    timer = setTimeout(answer, SILENCE)
  }

  function answer(): void {
    if (held.length === 0) return
    if (asked) trips++
    asked = false
    for (const pass of held.splice(0)) pass()
  }

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // What a connection ends with is the client's business.
    socket.on('error', () => {})
  }

  const proxy = createServer({ noDelay: true }, client => {
    const server = connect({ port, host: '127.0.0.1', noDelay: true })
    keep(client)
    keep(server)
    client.on('data', chunk => {
      asked = true
      server.write(chunk)
      waitForSilence()
    })
    server.on('data', chunk => {
      held.push(() => client.write(chunk))
      waitForSilence()
    })
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    address: `127.0.0.1:${(proxy.address() as { port: number }).port}`,
    get roundTrips() {
      return trips
    },
    async close() {
      clearTimeout(timer)
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
