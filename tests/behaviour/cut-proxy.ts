import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a server, which can be interrupted without the server's noticing. */
export interface CutProxy {
  /** `127.0.0.1:port` */
  readonly address: string
  /** Ends all connections, and accepts no others. */
  cut(): void
  /** Lets nothing through any more, in either direction, and says nothing. */
  silence(): void
  /** Lets new connections through; what was swallowed never arrives. */
  restore(): void
  close(): Promise<void>
}

/** Stands between a client and the server at `port`. */
export async function cutProxy(port: number): Promise<CutProxy> {
  let state: 'open' | 'cut' | 'silent' = 'open'
  const sockets = new Set<Socket>()

  function keep(socket: Socket): void {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    // What a connection ends with is the client's business.
    socket.on('error', () => {})
  }

  function forward(from: Socket, to: Socket): void {
    from.on('data', chunk => {
      if (state === 'open') to.write(chunk)
    })
    from.on('close', () => to.destroy())
  }

  function destroyAll(): void {
    for (const socket of sockets) socket.destroy()
  }

  const proxy = createServer({ noDelay: true }, client => {
    keep(client)
    if (state === 'cut') {
      client.destroy()
      return
    }
    if (state === 'silent') return
    const server = connect({ port, host: '127.0.0.1', noDelay: true })
    keep(server)
    forward(client, server)
    forward(server, client)
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    address: `127.0.0.1:${(proxy.address() as { port: number }).port}`,
    cut() {
      state = 'cut'
      destroyAll()
    },
    silence() {
      state = 'silent'
    },
    restore() {
      state = 'open'
      destroyAll()
    },
    async close() {
      destroyAll()
      proxy.close()
      await once(proxy, 'close')
    },
  }
}
