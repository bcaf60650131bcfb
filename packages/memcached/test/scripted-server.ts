import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** A request as the server read it off the wire. */
export interface Request {
  readonly opcode: number
  readonly seq: number
  readonly key: string
  readonly extras: Buffer
  readonly value: Buffer
  readonly cas: bigint
}

/** What a reply says besides whose it is; what is left out is empty. */
export interface ReplyParts {
  readonly opcode?: number
  readonly status?: number
  readonly extras?: Buffer
  readonly key?: string
  readonly value?: Buffer | string
  readonly cas?: bigint
}

/** A TCP server that reads memcached's binary protocol and answers as the script has it, however badly. */
export interface ScriptedServer {
  readonly port: number
  readonly address: string
  /** All that has been asked so far. */
  readonly requests: readonly Request[]
  /** How many connections have been opened so far. */
  readonly opened: number
  /** How many connections are open now. */
  readonly open: number
  stop(): Promise<void>
}

/** `connection` counts from 0. */
export type Script = (request: Request, socket: Socket, connection: number) => void

export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: Request[] = []
  const sockets = new Set<Socket>()
  let opened = 0
  const server = createServer({ noDelay: true }, socket => {
    const connection = opened++
    sockets.add(socket)
    let held = Buffer.alloc(0)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.on('data', chunk => {
      held = Buffer.concat([held, chunk])
      while (held.length >= 24 && held.length >= 24 + held.readUInt32BE(8)) {
        const request = parse(held)
        held = held.subarray(24 + held.readUInt32BE(8))
        requests.push(request)
        script(request, socket, connection)
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    address: `127.0.0.1:${port}`,
    requests,
    get opened() {
      return opened
    },
    get open() {
      return sockets.size
    },
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** The bytes of a reply to `request`. */
export function reply(request: Pick<Request, 'opcode' | 'seq'>, parts: ReplyParts = {}): Buffer {
  const { opcode = request.opcode, status = 0, extras = Buffer.alloc(0), cas = 0n } = parts
  const key = Buffer.from(parts.key ?? '')
  const value = Buffer.from(parts.value ?? '')
  const header = Buffer.alloc(24)
  header[0] = 0x81
  header[1] = opcode
  header.writeUInt16BE(key.length, 2)
  header[4] = extras.length
  header.writeUInt16BE(status, 6)
  header.writeUInt32BE(extras.length + key.length + value.length, 8)
  header.writeUInt32BE(request.seq, 12)
  header.writeBigUInt64BE(cas, 16)
  return Buffer.concat([header, extras, key, value])
}

/** The bytes of a hit. */
export function hit(
  request: Pick<Request, 'opcode' | 'seq'>,
  value: Buffer | string,
  parts: ReplyParts = {},
) {
  return reply(request, { extras: Buffer.alloc(4), cas: 1n, value, ...parts })
}

function parse(bytes: Buffer): Request {
  const keyLength = bytes.readUInt16BE(2)
  const extrasLength = bytes[4] as number
  const keyStart = 24 + extrasLength
  const end = 24 + bytes.readUInt32BE(8)
  return {
    opcode: bytes[1] as number,
    seq: bytes.readUInt32BE(12),
    extras: Buffer.from(bytes.subarray(24, keyStart)),
    key: bytes.toString('utf8', keyStart, keyStart + keyLength),
    value: Buffer.from(bytes.subarray(keyStart + keyLength, end)),
    cas: bytes.readBigUInt64BE(16),
  }
}
