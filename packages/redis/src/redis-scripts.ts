import { createHash } from 'node:crypto'
import type { RedisClient } from './redis-client.js'

/** A Lua script that works on one key, in one round trip. */
export interface Script {
  readonly lua: string
  readonly sha1: string
}

/** Whether the key holds the bytes that a token names; see `RedisVersion`. */
const HOLDS = `
local function holds(key, token)
  if #token == 16 then return redis.call('GETRANGE', key, 0, 15) == token end
  local value = redis.call('GET', key)
  return value and redis.sha1hex(value) == token
end`

/** Arguments: token, value, milliseconds. Answers 1 if the value was stored. */
export const REPLACE = script(`${HOLDS}
if not holds(KEYS[1], ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`)

/** Argument: token. Answers 1 if the key was deleted. */
export const DELETE_VERSION = script(`${HOLDS}
if not holds(KEYS[1], ARGV[1]) then return 0 end
return redis.call('UNLINK', KEYS[1])`)

/**
 * Arguments: what to add; what a missing key becomes, or '' where that is out of range; milliseconds. Answers the
 * sum in decimal, 'overflow' or 'invalid'.
 *
 * Lua's numbers are doubles: sums are made by INCRBY, which is exact, and only the sign of its answer is used.
 */
export const INCREMENT = script(`
local value = redis.pcall('GET', KEYS[1])
if value == false then
  if ARGV[2] == '' then return 'overflow' end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  return ARGV[2]
end
if type(value) ~= 'string' or not string.find(value, '^%d+$') then return 'invalid' end
local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(sum) ~= 'number' then
  if string.find(sum.err, 'overflow', 1, true) then return 'overflow' end
  if string.find(sum.err, 'not an integer', 1, true) then return 'invalid' end
  return sum
end
if sum < 0 then
  redis.call('SET', KEYS[1], '0', 'KEEPTTL')
  return '0'
end
return redis.call('GET', KEYS[1])`)

/**
 * Argument: 8 random bytes. Puts a frame that holds a value into the expired state, which is byte 3, under new
 * random bits, bytes 8 to 15; SETRANGE keeps the time to live. Deletes anything else, and a frame too where the
 * server has no memory for the write.
 */
export const EXPIRE = script(`
local head = redis.pcall('GETRANGE', KEYS[1], 0, 15)
if type(head) == 'string' and #head == 16 then
  local start = string.sub(head, 1, 4)
  if start == '\\255L\\1\\0' or start == '\\255L\\1\\1' then
    local written = redis.pcall('SETRANGE', KEYS[1], 3, '\\1' .. string.sub(head, 5, 8) .. ARGV[1])
    if type(written) == 'number' then return 1 end
  end
end
return redis.call('UNLINK', KEYS[1])`)

/**
 * Runs a script by its digest, and by its text where the server doesn't know it (any more).
 *
 * The first answer came before anything was carried out, so nothing is done twice.
 */
export async function runScript(
  client: RedisClient,
  { lua, sha1 }: Script,
  key: string,
  ...args: (string | Buffer | number)[]
): Promise<unknown> {
  try {
    return await client.evalsha(sha1, 1, key, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return client.eval(lua, 1, key, ...args)
  }
}

function script(lua: string): Script {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') }
}
