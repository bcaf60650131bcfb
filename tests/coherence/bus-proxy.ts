import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP connection that leads to a server through this process, which can do what networks do. */
export interface BusProxy {
  readonly url: string
  /** Where its connections to the server come from, as the server sees it. */
  addresses(): readonly string[]
  /** Passes on everything, of new connections too. */
  pass(): void
  /** Refuses new connections, and leaves those alone that there are. */
  refuse(): void
  /** Takes everything and passes on nothing, of new connections too; nobody is told of any end. */
  swallow(): void
  /** Does that to the connections that have subscribed. */
  swallowSubscribers(): void
  /** What the server has sent since then and nobody was given. */
  readonly swallowed: string
  close(): Promise<void>
}

type State = 'passing' | 'refusing' | 'swallowing' | 'swallowing subscribers'

/** Starts a proxy on a free loopback port. */
export async function startBusProxy(port: number): Promise<BusProxy> {
  let state: State = 'passing'
  let lost = ''
  const ends = new Map<Socket, Socket>()

  function connected(client: Socket): void {
    client.on('error', () => {})
    if (state === 'refusing') {
      client.destroy()
      return
    }
    const server = connect(port, '127.0.0.1')
    server.on('error', () => {})
    ends.set(client, server)
    let subscribed = false
    const swallowed = () => state === 'swallowing' || (subscribed && state === 'swallowing subscribers')
    client.on('data', bytes => {
      subscribed ||= /subscribe/i.test(bytes.toString('latin1'))
      if (!swallowed()) server.write(bytes)
    })
    server.on('data', bytes => {
      if (swallowed()) lost += bytes.toString('latin1')
      else client.write(bytes)
    })
    client.on('close', () => {
      if (!swallowed()) end(client)
    })
    server.on('close', () => {
      if (!swallowed()) end(client)
    })
  }

  function end(client: Socket): void {
    client.destroy()
    ends.get(client)?.destroy()
    ends.delete(client)
  }

  const proxy = createServer(connected).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    url: `redis://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    addresses: () => [...ends.values()].map(({ localAddress, localPort }) => `${localAddress}:${localPort}`),
    pass() {
      state = 'passing'
      for (const [client, server] of ends) if (client.destroyed || server.destroyed) end(client)
    },
    refuse() {
      state = 'refusing'
    },
    swallow() {
      state = 'swallowing'
      lost = ''
    },
    swallowSubscribers() {
      state = 'swallowing subscribers'
      lost = ''
    },
    get swallowed() {
      return lost
    },
    async close() {
      for (const client of ends.keys()) end(client)
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
