import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const script = fileURLToPath(new URL('../../scripts/config-schema.mjs', import.meta.url))

it('the JSON schema that is shipped is what the checks of the config package say', {
  timeout: 60_000,
}, async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, '--check'])
  expect(stdout + stderr).toBe('')
})
