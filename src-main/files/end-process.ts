import { isReadUnanswered } from './regular-file.ts'

/**
 * Ends this process at once, also where a thread waits for a drive that does not answer: for that one Node would wait at its
 * end, too.
 */
export function endProcess(status: number): never {
  if (!isReadUnanswered()) process.exit(status)
  try {
    // Another program in this process's place takes no thread over, and ends as is wished.
    process.execve!('/bin/sh', ['sh', '-c', `exit ${status}`])
  } catch {
    // Windows has no such call; then it ends as one that was killed.
  }
  process.kill(process.pid, 'SIGKILL')
  process.exit(status)
}
