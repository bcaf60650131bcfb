/** A point that code waits at until a test lets it pass. */
export interface Gate {
  /** Resolves once the gate is open. */
  readonly passed: Promise<void>
  open(): void
}

/** A gate that is shut. */
export function gate(): Gate {
  let open = () => {}
  const passed = new Promise<void>(resolve => {
    open = resolve
  })
  return { passed, open: () => open() }
}
