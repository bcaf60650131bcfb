import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Milliseconds } from '@lookaside/core'

/** A way to a server on which round trips are counted. */
export interface RoundTripCounter {
  readonly url: string
  /** How often so far the client had said all that it could and waited for an answer. */
  readonly roundTrips: number
  close(): Promise<void>
}

/** A client that has said nothing for so long waits for an answer. */
const SILENCE: Milliseconds = 10

/**
 * Stands between a client and the server at `url`, and holds all answers back until the client waits for them: so what is
 * sent together is one round trip, and what is sent after an answer another, however fast the server is.
 */
export async function countRoundTrips(url: string): Promise<RoundTripCounter> {
  const port = Number(new URL(url).port)
  const sockets = new Set<Socket>()
  const held: (() => void)[] = []
  let [roundTrips, asked] = [0, false]
  let timer: NodeJS.Timeout | undefined

  function wait(): void {
    clearTimeout(timer)
    timer = setTimeout(answer, SILENCE)
  }

  function answer(): void {
    if (held.length === 0) return
    if (asked) roundTrips++
    asked = false
    for (const pass of held.splice(0)) pass()
  }

  const proxy = createServer({ noDelay: true }, client => {
    const server = connect({ port, host: '127.0.0.1', noDelay: true })
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      // What a connection ends with is the client's business.
      socket.on('error', () => {})
    }
    client.on('data', chunk => {
      asked = true
      server.write(chunk)
      wait()
    })
    server.on('data', chunk => {
      held.push(() => client.write(chunk))
      wait()
    })
    client.on('close', () => server.destroy())
    server.on('close', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const { port: own } = proxy.address() as { port: number }
  return {
    url: url.replace(/:\d+/, `:${own}`),
    get roundTrips() {
      return roundTrips
    },
    async close() {
      clearTimeout(timer)
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
