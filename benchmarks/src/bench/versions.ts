import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { BASICS, PEERS } from '../subjects/subjects.js'

const MEMCACHED = 'memcached'

/** The version of each package and server that takes part. */
export type Versions = Readonly<Record<string, string>>

export function versions(): Versions {
  const packages = new Set([...BASICS, ...PEERS].flatMap(subject => subject.packages))
  const all = [...packages].sort().map(name => [name, versionOf(name)])
  return { ...Object.fromEntries(all), memcached: memcachedVersion() }
}

export function versionsLine(all: Versions): string {
  return Object.entries(all)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
}

function versionOf(name: string): string {
  // Read as a file: not every package exports its package.json.
  const file = fileURLToPath(new URL(`../../node_modules/${name}/package.json`, import.meta.url))
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function memcachedVersion(): string {
  try {
    return execFileSync(MEMCACHED, ['--version'], { encoding: 'utf8' }).trim().split(' ').at(-1) ?? 'unknown'
  } catch {
    return 'not installed'
  }
}
