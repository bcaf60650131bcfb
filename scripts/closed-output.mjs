// Imported for its effect: a reader that has seen enough, such as `head`, ends the script without a stack trace.
process.stdout.on('error', error => {
  if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EPIPE') throw error
  process.exit()
})
