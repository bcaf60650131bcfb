import { CacheError } from '@lookaside/core'
import { STATUS } from './memcached-protocol.js'
import type { MemjsReply, MemjsServer } from './memjs-client.js'

/** An error status in a reply, for which the store has no meaning: the server is up, and refuses. */
export class MemcachedRefusal extends Error {}

/** What to throw for a reply that the request did not provide for. */
export function unexpected(server: MemjsServer, { header, val }: MemjsReply): Error {
  const name = nameOf(server)
  const said = Buffer.from(val).toString('latin1').slice(0, 100)
  if (header.status === STATUS.tooLarge) {
    return new CacheError(
      'ERR_CACHE_TOO_LARGE',
      `${name} refused a value as too large; set maxValueBytes to what the server takes (its -I option, less about 500 bytes)`,
    )
  }
  if (header.status === STATUS.notAuthenticated) {
    return new CacheError(
      'ERR_CACHE_UNAVAILABLE',
      `${name} demands authentication; set username and password`,
    )
  }
  return new MemcachedRefusal(
    `${name} answered with status 0x${header.status.toString(16)}${said && `: ${said}`}`,
  )
}

/** What to throw where a claim is needed and the server has no CAS ids to give. */
export function withoutCas(server: MemjsServer): CacheError {
  return new CacheError(
    'ERR_CACHE_UNSUPPORTED',
    `${nameOf(server)} gives every item the CAS id 0, which no claim can rest on; start it without -C (--disable-cas)`,
  )
}

/** What to throw for one server of a fleet that did not answer: the fleet as a whole may well be up. */
export function unavailable(server: MemjsServer, cause: Error): CacheError {
  const [name, said] = [nameOf(server), describe(cause)]
  const message = said.startsWith(name) ? said : `${name} failed: ${said}`
  return new CacheError('ERR_CACHE_UNAVAILABLE', message, { cause })
}

/** Names a server in messages. */
export function nameOf(server: Pick<MemjsServer, 'host' | 'port'>): string {
  return `memcached at ${addressOf(server)}`
}

export function addressOf({ host, port }: Pick<MemjsServer, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** What went wrong, in a few words; an error for several addresses of one host has no message but a code. */
export function describe(reason: unknown): string {
  if (!(reason instanceof Error)) return String(reason)
  return reason.message || String((reason as { code?: unknown }).code ?? reason.name)
}
