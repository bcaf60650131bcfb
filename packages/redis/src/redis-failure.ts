import { asError } from './as-error.js'

/** What is known of the server, to explain a failure with. */
export interface RedisTarget {
  /** Names the server in messages, without credentials: `Redis at 127.0.0.1:6379`. */
  readonly server: string
  /** Names the store: `redis(127.0.0.1:6379/0)`. */
  readonly name: string
  readonly db: number
  readonly tls: boolean
}

/** Why there is no connection. */
interface RedisFailure {
  readonly message: string
  /** Whether another attempt would come to the same: somebody has to change something first. */
  readonly final: boolean
}

const REFUSED_LOGIN = /^(?:WRONGPASS|NOAUTH|NOPERM|ERR invalid password|ERR unknown command ['`]auth['`])/i
const NO_SUCH_DATABASE = /DB index is out of range/
const NOT_REDIS = /^(?:Unknown RESP type|Protocol error, got)/
/** What OpenSSL makes of bytes that are no TLS, and the code for a server that says nothing at all. */
const NO_TLS = /^(?:ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|NO_TLS_HANDSHAKE)$/
/** Replies of a server that is up but can't serve anyone. */
const UNABLE = /^(?:LOADING|MASTERDOWN|CLUSTERDOWN|BUSY) /

/** Says in one sentence, or two, what is wrong and what to do. */
export function explain({ server, db, tls }: RedisTarget, cause: unknown): RedisFailure {
  const error = asError(cause)
  const said = withoutFullStop(error.message)
  if (REFUSED_LOGIN.test(said)) {
    // Redis goes on about HELLO, which nobody has typed.
    const reason = said.startsWith('NOAUTH') ? 'NOAUTH, it wants a password' : said
    return final(
      `${server} refused the login: ${reason}. Check user and password in the URL (redis://:password@host has no user)`,
    )
  }
  if (NO_SUCH_DATABASE.test(said)) {
    return final(
      `${server} refused database ${db}: ${said}. Name one that it has; it has 16, from 0 to 15, unless configured otherwise`,
    )
  }
  if (NOT_REDIS.test(said)) {
    return final(`${server} cannot be understood: what answers there is not Redis; check host and port`)
  }
  if (tls && NO_TLS.test(String((error as { code?: unknown }).code))) {
    return final(`${server} makes no TLS handshake; is it a plain port? Then use redis://`)
  }
  return {
    message: `${server} is not ${isReply(error) ? 'ready' : 'connected'}: ${said}`,
    final: false,
  }
}

/** The error for a TLS connection on which the server says nothing. */
export function noTlsHandshake(): Error {
  return Object.assign(new Error('no TLS handshake; is it a plain port? Then use redis://'), {
    code: 'NO_TLS_HANDSHAKE',
  })
}

/** Whether a server that is able to serve gave this error as its answer. */
export function isAnswer(error: unknown): boolean {
  return isReply(error) && !UNABLE.test((error as Error).message)
}

export function withoutFullStop(text: string): string {
  return text.replace(/\.+$/, '')
}

/** By its name, as the error may come from the application's own copy of ioredis. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}

function final(message: string): RedisFailure {
  return { message, final: true }
}
