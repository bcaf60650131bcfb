/** A reply as memjs hands it out. */
export interface MemjsReply {
  readonly header: {
    readonly opcode: number
    readonly status: number
    readonly opaque: number
    readonly totalBodyLength: number
    readonly cas: Uint8Array
  }
  readonly key: Uint8Array
  readonly extras: Uint8Array
  readonly val: Uint8Array
}

/** What the store needs of a memjs `Server`: one memcached and the connection to it. */
export interface MemjsServer {
  readonly host: string
  readonly port: number
  readonly connected: boolean
  /** The connection that requests are written to now; memjs keeps it here. */
  readonly _socket?: object | undefined
  onResponse(seq: number, callback: (reply: MemjsReply) => void): void
  onError(seq: number, callback: (error: Error) => void): void
  /** Calls `go` with the connection once it is ready: at once if it already is. */
  sock(sasl: boolean, go: (socket: object) => void): void
  write(request: Uint8Array): void
}

/**
 * What the store needs of a memjs `Client`, which is what `memjs.Client.create()` returns.
 *
 * Declared here by its structure, so that an application's own copy of memjs fits.
 */
export interface MemjsClient {
  readonly servers: readonly MemjsServer[]
  readonly seq: number
  incrSeq(): void
  /** The index of the server that has a key; a number, whatever @types/memjs says. */
  getServer(key: string): number | string
}
