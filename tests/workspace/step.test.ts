import { execFile } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { step } from '../../scripts/step.mjs'
import { root } from '../../scripts/workspace.mjs'

describe('a step of a script', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  async function shown(isTTY: boolean, seconds: number, outcome: Awaited<ReturnType<Work>> = { ok: true }) {
    const written: string[] = []
    const work = () =>
      new Promise<typeof outcome>(resolve => {
        setTimeout(resolve, seconds * 1_000, outcome)
      })
    const done = step('build', work, { isTTY, write: text => written.push(text) })
    await vi.advanceTimersByTimeAsync(seconds * 1_000)
    expect(await done).toBe(outcome.ok)
    expect(vi.getTimerCount()).toBe(0)
    return written.join('')
  }
  type Work = Parameters<typeof step>[1]

  it('is one line where it is short', async () => {
    expect(await shown(false, 2.5, { ok: true, note: 'nothing new' })).toBe(
      '  build       ok        2.5 s  nothing new\n',
    )
  })

  it('shows what was printed where it fails', async () => {
    expect(await shown(false, 0.5, { ok: false, output: 'no such file\n' })).toBe(
      '  build       FAILED    0.5 s\n\nno such file\n\n',
    )
  })

  it('tells a log every 15 seconds that it goes on', async () => {
    expect(await shown(false, 40)).toBe(
      ['  build       … 15 s', '  build       … 30 s', '  build       ok       40.0 s', ''].join('\n'),
    )
  })

  it('counts the seconds in place on a terminal', async () => {
    const line = '\r\x1b[2K  build       '
    expect(await shown(true, 2.5)).toBe(`  build       ${line}… 1 s${line}… 2 s${line}ok        2.5 s\n`)
  })
})

describe('a script whose reader has gone', () => {
  it('ends quietly, and what it has started ends too', async () => {
    const script = `
      import { step } from './scripts/step.mjs'
      import { run } from './scripts/run.mjs'
      run(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { show: true })
      process.on('exit', code => console.error('exit', code))
      await step('first', async () => ({ ok: true }))
      for (;;) await step('next', () => new Promise(resolve => setTimeout(resolve, 10, { ok: true })))
    `
    // What was started shares the streams of the script: the callback comes when both have ended.
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>(resolve => {
      const child = execFile(
        process.execPath,
        ['--input-type=module', '--eval', script],
        { cwd: root },
        (error, _stdout, stderr) => resolve({ code: error?.code ?? 0, stderr }),
      )
      child.stdout?.once('data', () => child.stdout?.destroy())
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'exit 0\n' })
  })
})
