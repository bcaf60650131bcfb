import { once } from 'node:events'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'

/** What memcached holds at a key: what a client of any language sees, its flags too. */
interface Item {
  readonly flags: number
  readonly bytes: Buffer
}

/** A client that speaks memcached's text protocol as those of other languages do, with flags of its choice. */
export interface TextClient {
  get(key: string): Promise<Item | undefined>
  /** Writes for a minute. */
  set(key: string, flags: number, bytes: Uint8Array | string): Promise<void>
  /** Counts up, or down with a negative number; resolves to the answer. */
  count(key: string, by: number): Promise<string>
}

/** A client on a connection of its own, which is closed when the test is over. Give it one question at a time. */
export async function textClient(address: string): Promise<TextClient> {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  let received = Buffer.alloc(0)

  async function take(length: () => number | undefined): Promise<Buffer> {
    while (true) {
      const end = length()
      if (end !== undefined && received.length >= end) {
        const taken = received.subarray(0, end)
        received = received.subarray(end)
        return taken
      }
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      received = Buffer.concat([received, chunk])
    }
  }

  async function line(): Promise<string> {
    const bytes = await take(() => {
      const at = received.indexOf('\r\n')
      return at < 0 ? undefined : at + 2
    })
    return bytes.toString('latin1').trimEnd()
  }

  return {
    async get(key) {
      socket.write(`get ${key}\r\n`)
      const [word, , flags, size] = (await line()).split(' ')
      if (word === 'END') return undefined
      const bytes = (await take(() => Number(size) + 2)).subarray(0, -2)
      await line()
      return { flags: Number(flags), bytes }
    },
    async set(key, flags, value) {
      const bytes = Buffer.from(value)
      const command = Buffer.from(`set ${key} ${flags} 60 ${bytes.length}\r\n`)
      socket.write(Buffer.concat([command, bytes, Buffer.from('\r\n')]))
      const answer = await line()
      if (answer !== 'STORED') throw new Error(`memcached answered ${answer}`)
    },
    async count(key, by) {
      socket.write(`${by < 0 ? 'decr' : 'incr'} ${key} ${Math.abs(by)}\r\n`)
      return line()
    },
  }
}
