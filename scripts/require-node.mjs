// The first import of every script: it must run on any Node that knows ES modules, to say what is wrong.
import { readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/**
 * Whether a version reaches the minimum of a range such as `>=20.19`.
 *
 * @param {string} version
 * @param {string} range
 */
export function reaches(version, range) {
  const have = numbersIn(version)
  const need = numbersIn(range)
  const differing = need.findIndex((number, part) => number !== have[part])
  return differing === -1 || Number(have[differing]) > Number(need[differing])
}

/** @param {string} text */
function numbersIn(text) {
  return (text.match(/\d+/g) || []).map(Number)
}

if (!reaches(process.version, engines.node)) {
  console.error(
    `lookaside needs Node ${engines.node}; this is ${process.version}. See https://nodejs.org/en/download`,
  )
  process.exit(1)
}
