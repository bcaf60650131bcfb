import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './run.mjs'

/** The servers that the tests talk to: a variable that names running ones, or a command that starts one. */
const SERVERS = [
  { variable: 'TEST_REDIS_URL', command: 'redis-server', apt: 'redis-server', brew: 'redis' },
  { variable: 'TEST_MEMCACHED_SERVERS', command: 'memcached', apt: 'memcached', brew: 'memcached' },
]

/**
 * What the decision depends on.
 *
 * @typedef {object} Machine
 * @property {Readonly<Record<string, string | undefined>>} env
 * @property {(command: string) => boolean} has whether a command is on the PATH
 * @property {number} uid 0 is root
 * @property {string} platform as `process.platform`
 */

/**
 * @typedef {{ kind: 'ready', note: string }
 *   | { kind: 'install', commands: string[][] }
 *   | { kind: 'impossible', message: string }} ServerPlan
 */

/**
 * Decides where the servers come from: the environment, the PATH, or the system's package manager.
 *
 * @param {Machine} machine
 * @returns {ServerPlan}
 */
export function planServers({ env, has, uid, platform }) {
  const missing = SERVERS.filter(server => !env[server.variable] && !has(server.command))
  if (missing.length === 0) {
    return {
      kind: 'ready',
      note: SERVERS.map(({ variable, command }) => (env[variable] ? variable : command)).join(', '),
    }
  }
  if (platform === 'darwin' && has('brew') && uid !== 0) {
    return { kind: 'install', commands: [['brew', 'install', ...missing.map(server => server.brew)]] }
  }
  if (platform === 'linux' && has('apt-get') && (uid === 0 || has('sudo'))) {
    const asRoot = [...(uid === 0 ? [] : ['sudo', '-n']), 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get']
    const names = missing.map(server => server.apt)
    return {
      kind: 'install',
      commands: [
        [...asRoot, 'update'],
        [...asRoot, 'install', '-y', '--no-install-recommends', ...names],
      ],
    }
  }
  return { kind: 'impossible', message: whatToDo(missing) }
}

/** Makes sure that the tests will find their servers, and installs them where that takes no question. */
export async function provideServers() {
  const machine = { env: process.env, has: onPath, uid: process.getuid?.() ?? -1, platform: process.platform }
  const plan = planServers(machine)
  if (plan.kind === 'ready') return { ok: true, note: plan.note }
  if (plan.kind === 'impossible') return { ok: false, output: plan.message }
  let output = ''
  for (const [command = '', ...args] of plan.commands) {
    const outcome = await run(command, args)
    output += `$ ${[command, ...args].join(' ')}\n${outcome.output}`
    if (!outcome.ok) break
  }
  const missing = SERVERS.filter(server => !process.env[server.variable] && !onPath(server.command))
  if (missing.length === 0) return { ok: true, note: 'installed' }
  return { ok: false, output: `${output}\n${whatToDo(missing)}` }
}

/** @param {readonly (typeof SERVERS)[number][]} missing */
function whatToDo(missing) {
  const commands = missing.map(server => server.command).join(' and ')
  const variables = missing.map(({ variable }) => `${variable}=${EXAMPLES[variable]}`).join(' ')
  return [
    `The tests run against real servers, and ${commands} could not be found or installed.`,
    `Install ${commands} so that the PATH has them, or name running ones:`,
    `  ${variables} npm test`,
  ].join('\n')
}

/** @type {Readonly<Record<string, string>>} */
const EXAMPLES = {
  TEST_REDIS_URL: 'redis://127.0.0.1:6379',
  TEST_MEMCACHED_SERVERS: '127.0.0.1:11211,127.0.0.1:11212',
}

/** @param {string} command */
function onPath(command) {
  return (process.env['PATH'] ?? '').split(delimiter).some(directory => {
    try {
      const file = join(directory, command)
      accessSync(file, constants.X_OK)
      return statSync(file).isFile()
    } catch {
      return false
    }
  })
}
