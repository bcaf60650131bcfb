import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { secretsIn } from '../../../tests/behaviour/secrets-reach.js'
import { everythingTold } from '../../../tests/behaviour/secrets-told.js'
import { freePort } from '../../../tests/servers/index.js'
import { redisBus, redisStore } from '../src/index.js'

const at = (name: string) => fileURLToPath(new URL(`fixtures/tls/${name}`, import.meta.url))
const key = readFileSync(at('key.pem'), 'utf8')
const cert = readFileSync(at('cert.pem'), 'utf8')
const passphrase = 'p@ss phrase'
const locked = createPrivateKey(key)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
  .toString()
/** What a text of several lines could show of a key. */
const lineOf = (pem: string) => pem.split('\n')[1] as string
const SECRETS = [passphrase, '4815162342', 'wr0ng', lineOf(key), lineOf(locked)]

describe('The key of a TLS connection, and its passphrase, are told nowhere', () => {
  it.each<[string, object]>([
    ['when both are right', { key: locked, cert, passphrase }],
    ['when the key needs none', { key, cert }],
    ['when the passphrase is wrong', { key: locked, cert, passphrase: 'wr0ng' }],
    ['when the passphrase is a number', { key: locked, cert, passphrase: 4815162342 }],
    ["when a key's own passphrase is a number", { key: [{ pem: locked, passphrase: 4815162342 }], cert }],
    ['when the key is cut off', { key: key.slice(0, 200), cert }],
  ])('%s', async (_, tls: ConnectionOptions) => {
    const where = { port: await freePort(), tls }
    const told = await everythingTold(redisStore(where), redisBus(where))
    expect(told.events).toContainEqual(expect.objectContaining({ type: 'store-error' }))
    for (const [what, value] of Object.entries(told)) {
      expect.soft(secretsIn(value, ...SECRETS), what).toEqual([])
    }
  })

  it.each([redisStore, redisBus])('when the key stands in the place of the options of %o', make => {
    let error: unknown
    try {
      make({ tls: key } as object)
    } catch (reason) {
      error = reason
    }
    expect(error).toMatchObject({ code: 'ERR_CACHE_OPTION', message: expect.stringContaining('type string') })
    expect(secretsIn(error, ...SECRETS, key.slice(0, 20))).toEqual([])
  })
})
