/** The commands whose arguments log in. */
const LOGIN = /^(?:auth|hello)$/i
/** What a server repeats of a command that it does not know, AUTH too, and Node of an option of the wrong type. */
const REPEATED = /,? with args beginning with: .*|(?<=Received type \w+) \(.*\)/g

/** What ioredis attaches to its errors. */
interface ClientError extends Error {
  readonly command?: { readonly name: string }
  /** Why the last node of a Cluster that was asked could not answer. */
  readonly lastNodeError?: unknown
}

/**
 * An error of ioredis without what it tells of a login: the arguments of AUTH and HELLO, attached or in its words.
 *
 * One that tells nothing of it is returned itself; else the answer is a copy of the same class, as the application
 * may hold the original.
 */
export function withoutCredentials(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { message, stack = '', command, lastNodeError }: ClientError = error
  const said = message.replace(REPEATED, '')
  const isLogin = command !== undefined && LOGIN.test(command.name)
  const nodeError = withoutCredentials(lastNodeError)
  if (said === message && !isLogin && nodeError === lastNodeError) return error
  return Object.create(Object.getPrototypeOf(error), {
    ...Object.getOwnPropertyDescriptors(error),
    message: property(said, false),
    // It begins with the message.
    stack: property(stack.replace(REPEATED, ''), false),
    ...(isLogin && { command: property({ name: command.name }, true) }),
    ...(nodeError !== lastNodeError && { lastNodeError: property(nodeError, true) }),
  })
}

function property(value: unknown, enumerable: boolean): PropertyDescriptor {
  return { value, enumerable, writable: true, configurable: true }
}
