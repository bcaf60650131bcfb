import type { Cache } from '@lookaside/core'
import { onTestFinished } from 'vitest'
import {
  type CachesConfig,
  ConfigError,
  cachesFromConfig,
  type Environment,
  type fromConfig,
  fromConfig as open,
} from '../src/index.js'

type Given = Parameters<typeof fromConfig>

/** Opens a cache, which is closed when the test is over. */
export async function opened(config: Given[0], defaults?: Given[1], env?: Environment): Promise<Cache> {
  return closedLater(await open(config, defaults, env))
}

/** Opens caches, which are closed when the test is over. */
export async function openedAll<Name extends string>(
  config: CachesConfig<Name>,
  defaults?: Given[1],
  env?: Environment,
): Promise<Readonly<Record<Name, Cache>>> {
  const caches = await cachesFromConfig(config, defaults, env)
  for (const cache of Object.values<Cache>(caches)) closedLater(cache)
  return caches
}

export function closedLater(cache: Cache): Cache {
  onTestFinished(() => cache.close())
  return cache
}

/** The error that a config leads to; it fails where there is none. */
export async function refusal(opening: Promise<unknown>): Promise<ConfigError> {
  const error = await opening.then(
    () => new Error('it was taken'),
    (error: unknown) => error,
  )
  if (error instanceof ConfigError) return error
  throw error
}

/** What is wrong with a config, each with its path. */
export async function problemsOf(config: unknown, env: Environment = {}): Promise<string[]> {
  return listed(await refusal(open(config as Given[0], {}, env)))
}

/** What is wrong with a config of several caches, each with its path. */
export async function problemsOfCaches(config: unknown, env: Environment = {}): Promise<string[]> {
  return listed(await refusal(cachesFromConfig(config as CachesConfig, {}, env)))
}

function listed({ problems }: ConfigError): string[] {
  return problems.map(({ path, message }) => `${path}: ${message}`)
}
