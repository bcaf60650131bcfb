/** Tells on standard error what goes on: a terminal's line is rewritten, a log gets a line per step. */
export class Progress {
  readonly #out: NodeJS.WriteStream

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out
  }

  /** What goes on now. */
  now(text: string): void {
    if (this.#out.isTTY) this.#out.write(`\r\x1b[2K  ${text}`)
  }

  /** What has been done. */
  done(text: string): void {
    this.#out.write(`${this.#out.isTTY ? '\r\x1b[2K' : ''}  ${text}\n`)
  }
}
