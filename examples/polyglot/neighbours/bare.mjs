// Shares keys with a lookaside cache as a program in any language does, over the bare protocol and without any client:
// node bare.mjs URL read|write

import { connect } from 'node:net'
import { text } from 'node:stream/consumers'

const USER = 'polyglot:users::1'
const GREETING = 'polyglot:texts::greeting'
const VISITS = 'polyglot::visits'
const REPORT = 'polyglot::report'

const [address, verb] = process.argv.slice(2)
const { protocol, hostname, port } = new URL(address)
const grace = JSON.stringify({ id: 1, name: 'Grace', languages: ['COBOL', 'français'] })
const size = Buffer.byteLength(grace)

/** What to say in both languages; Redis takes commands as plain lines too. */
const words = {
  'redis:': {
    read: [`GET ${USER}`, `GET ${GREETING}`, `GET ${VISITS}`, 'QUIT'],
    write: [
      // An argument with its length, so that it may hold anything.
      `*5\r\n$3\r\nSET\r\n$${USER.length}\r\n${USER}\r\n$${size}\r\n${grace}\r\n$2\r\nEX\r\n$2\r\n60`,
      `INCRBY ${VISITS} 2`,
      `DEL ${GREETING} ${REPORT}`,
      'QUIT',
    ],
  },
  'memcached:': {
    read: [`get ${USER}`, `get ${GREETING}`, `get ${VISITS}`, 'quit'],
    write: [
      `set ${USER} 0 60 ${size}\r\n${grace}`,
      `incr ${VISITS} 2`,
      `delete ${GREETING}`,
      `delete ${REPORT}`,
      'quit',
    ],
  },
}

const socket = connect(Number(port), hostname)
socket.write(words[protocol][verb].map(line => `${line}\r\n`).join(''))
const answer = await text(socket)
if (verb === 'read') {
  // A value stands alone on the line behind its length.
  const [user, greeting, visits] = [...answer.matchAll(/^(?:\$|VALUE .* )\d+\r\n(.*)\r\n/gm)].map(
    ([, value]) => value,
  )
  const { name, languages } = JSON.parse(user)
  console.log(`user 1: ${name}, speaks ${languages.join(' and ')}`)
  console.log(`greeting: ${greeting}`)
  console.log(`visits: ${Number(visits)}`)
}
