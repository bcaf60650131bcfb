import { vi } from 'vitest'

/** The lines that `show` prints. */
export function printed(show: () => void): string[] {
  let text = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(chunk => {
    text += chunk
    return true
  })
  try {
    show()
  } finally {
    write.mockRestore()
  }
  return text.split('\n')
}
