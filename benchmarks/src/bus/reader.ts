import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Reply, Request } from './messages.js'

/** An invalidation that takes this long has not arrived. */
const PATIENCE = 10_000

const PROGRAM = new URL('./reader-process.js', import.meta.url)

/** One process with a local tier, seen from the measuring one. */
export class Reader {
  readonly #child: ChildProcess
  readonly #waiting = new Map<string, (reply: Reply) => void>()
  readonly #failed: Promise<never>

  constructor() {
    this.#child = fork(PROGRAM)
    this.#child.on('message', message => {
      const reply = message as Reply
      const id = replyId(reply.type, 'key' in reply ? reply.key : '')
      this.#waiting.get(id)?.(reply)
      this.#waiting.delete(id)
    })
    this.#failed = once(this.#child, 'exit').then(() => {
      throw new Error('a reader ended too early')
    })
    this.#failed.catch(() => {})
  }

  send(request: Request): void {
    this.#child.send(request)
  }

  /** The next reply of a type, about a key. */
  next<T extends Reply['type']>(type: T, key = ''): Promise<Extract<Reply, { readonly type: T }>> {
    const reply = new Promise<Reply>((resolve, reject) => {
      const late = () =>
        reject(new Error(`a reader has not told '${type}' of '${key}' within ${PATIENCE} ms`))
      const timer = setTimeout(late, PATIENCE)
      this.#waiting.set(replyId(type, key), given => {
        clearTimeout(timer)
        resolve(given)
      })
    })
    return Promise.race([reply, this.#failed]) as Promise<Extract<Reply, { readonly type: T }>>
  }

  dismiss(): void {
    this.#child.removeAllListeners()
    this.#child.kill()
  }
}

function replyId(type: Reply['type'], key: string): string {
  return `${type} ${key}`
}
