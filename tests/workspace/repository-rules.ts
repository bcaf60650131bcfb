import type { Manifest } from '../../scripts/workspace.mjs'

const REGISTRY_HOST =
  /\bregistry\.[a-z0-9-]+\.[a-z]{2,}|\bnpm\.pkg\.github\b|\b(?:artifactory|verdaccio|nexus)\.[a-z0-9-]+/i
const REGISTRY_SETTING = /^(?:@[\w-]+:)?registry\s*=|_auth|^\s*tarball:/m

/** Every place in a file that ties the repository to one package registry. */
export function registryMentions(file: string, text: string): string[] {
  const settings = /(?:^|\/)(?:\.npmrc|pnpm-lock\.yaml|pnpm-workspace\.yaml)$/.test(file)
  return [REGISTRY_HOST, ...(settings ? [REGISTRY_SETTING, /https?:\/\//] : [])].flatMap(pattern => {
    const match = pattern.exec(text)
    return match === null ? [] : [`${file} mentions ${match[0].trim()}`]
  })
}

const UNRUN_TEST =
  /\b(?:describe|it|test|suite|bench)(?:\.\w+)*\.(?:only|skip|skipIf|runIf|todo|fails)\b|\b(?:x|f)(?:it|describe|test)\(|\.skip\(/

/** Every line of a test file that leaves a test out, or others because of it. */
export function unrunTests(file: string, text: string): string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (UNRUN_TEST.test(line) ? [`${file}:${index + 1} ${line.trim()}`] : []))
}

/** Every way in which a package's manifest departs from what all have in common, a sentence each. */
export function manifestProblems(directory: string, manifest: Manifest, root: Manifest): string[] {
  const base = directory.split('/').at(-1) ?? directory
  const published = directory.startsWith('packages/')
  const name = `@lookaside/${directory.startsWith('examples/') ? `example-${base}` : base}`
  const rules: [boolean, string][] = [
    [manifest.name === name, `name must be ${name}`],
    [manifest.type === 'module', 'type must be module'],
    [/^[A-Z0-9m].+\.$/.test(manifest.description ?? ''), 'description must be a sentence'],
    [published === (manifest.private !== true), 'packages/ is published, and nothing else is'],
  ]
  if (published) {
    rules.push(
      [manifest.license === root.license, `license must be ${root.license}`],
      [
        manifest.engines?.['node'] === root.engines?.['node'],
        `engines.node must be ${root.engines?.['node']}`,
      ],
      [manifest.sideEffects === false, 'sideEffects must be false'],
      [manifest.publishConfig?.access === 'public', 'publishConfig.access must be public'],
      [manifest.exports?.['./package.json'] === './package.json', 'exports must have ./package.json'],
      [manifest.files?.includes('dist') === true, 'files must have dist'],
      [
        !Object.keys(manifest.scripts ?? {}).some(script => /^(pre|post)?install$|^prepare$/.test(script)),
        'no script may run at an install',
      ],
    )
  }
  return rules.filter(([kept]) => !kept).map(([, rule]) => `${directory}/package.json: ${rule}`)
}
