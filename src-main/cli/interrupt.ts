/**
 * A signal that fires at Ctrl-C or a polite kill: what is under way is finished or given up cleanly. A second
 * Ctrl-C ends the process at once, which the library survives as it survives any kill.
 */
export function listenForInterrupt(): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(130)
    process.stderr.write('\nStopping; press Ctrl-C again to stop at once.\n')
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return {
    signal: controller.signal,
    stop() {
      process.off('SIGINT', interrupt)
      process.off('SIGTERM', interrupt)
    },
  }
}
