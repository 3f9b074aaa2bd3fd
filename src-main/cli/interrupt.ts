/**
 * A signal that fires at Ctrl-C or a polite kill: what is under way is finished or given up cleanly. At the second Ctrl-C
 * nobody listens any more, so that the system ends the process at once, whatever it is stuck in; the library survives
 * that as it survives any kill.
 */
export function listenForInterrupt(): { signal: AbortSignal; stop(): void } {
  const controller = new AbortController()
  const stop = () => {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
  const interrupt = () => {
    stop()
    process.stderr.write('\nStopping; press Ctrl-C again to stop at once.\n')
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return { signal: controller.signal, stop }
}
