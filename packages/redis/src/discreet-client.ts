import type { RedisClient } from './redis-client.js'
import { withoutCredentials } from './without-credentials.js'

/**
 * The application's client, whose errors tell nothing of its login.
 *
 * ioredis rejects what waits for a connection with the error of the AUTH or HELLO that the server refused.
 */
export function discreetClient(client: RedisClient): RedisClient {
  return {
    get status() {
      return client.status
    },
    options: client.options,
    getBuffer: key => client.getBuffer(key).catch(refuse),
    mgetBuffer: keys => client.mgetBuffer(keys).catch(refuse),
    set: (key: string, value: Buffer, px: 'PX', milliseconds: number, nx?: 'NX') =>
      (nx === undefined
        ? client.set(key, value, px, milliseconds)
        : client.set(key, value, px, milliseconds, nx)
      ).catch(refuse),
    unlink: keys => client.unlink(keys).catch(refuse),
    evalsha: (...call) => client.evalsha(...call).catch(refuse),
    eval: (...call) => client.eval(...call).catch(refuse),
    scanBuffer: (...look) => client.scanBuffer(...look).catch(refuse),
    ping: () => client.ping().catch(refuse),
    on: client.on.bind(client),
    off: client.off.bind(client),
    ...(client.nodes !== undefined && { nodes: role => (client.nodes?.(role) ?? []).map(discreetClient) }),
  }
}

function refuse(error: unknown): never {
  throw withoutCredentials(error)
}
