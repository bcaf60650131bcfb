/** The error without the command that ioredis attaches, as AUTH and HELLO contain the password. */
export function withoutCommand(error: unknown): unknown {
  if (!(error instanceof Error && 'command' in error)) return error
  return Object.assign(new Error(error.message), { name: error.name })
}
